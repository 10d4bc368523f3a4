#include "auth/tls_files.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "auth/owned.h"

namespace tasklane {

namespace {

int no_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

TlsFiles inspect_tls_files(const std::string& certificate, const std::string& key) {
  using Fault = TlsFiles::Fault;
  const Owned<BIO, BIO_free_all> certificate_file(BIO_new_file(certificate.c_str(), "r"));
  if (!certificate_file) return {.fault = Fault::certificate_unreadable};
  const Owned<X509, X509_free> leaf(
      PEM_read_bio_X509(certificate_file.get(), nullptr, no_passphrase, nullptr));
  int days = 0, seconds = 0;
  if (!leaf || ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(leaf.get())) != 1)
    return {.fault = Fault::certificate_malformed};
  const std::chrono::seconds valid_for = std::chrono::days(days) + std::chrono::seconds(seconds);

  const Owned<BIO, BIO_free_all> key_file(BIO_new_file(key.c_str(), "r"));
  if (!key_file) return {.fault = Fault::key_unreadable, .valid_for = valid_for};
  const Owned<EVP_PKEY, EVP_PKEY_free> private_key(
      PEM_read_bio_PrivateKey(key_file.get(), nullptr, no_passphrase, nullptr));
  if (!private_key) return {.fault = Fault::key_malformed, .valid_for = valid_for};
  const bool match = X509_check_private_key(leaf.get(), private_key.get()) == 1;
  return {.fault = match ? Fault::none : Fault::mismatch, .valid_for = valid_for};
}

}  // namespace tasklane
