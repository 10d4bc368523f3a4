#pragma once
// Reads the requests of one FastCGI connection (FastCGI specification 1.0): bytes in, a whole request out.
// Does no I/O and knows no clock. What it keeps of a peer's bytes is bounded (base/limits.h), whatever they
// say.
//
// The role is responder. One request at a time: a second one that begins before the first is answered gets
// FCGI_CANT_MPX_CONN. Records of requests that are not active are ignored (section 3.3).

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tasklane {

class RequestReader {
 public:
  // The parameters that are used; empty: not sent. If one appears twice, the first counts, but
  // for the idempotency key and If-Match: two are told as a comma, which no key has and which is no list of
  // tags. nginx joins headers of one name so since 1.23, and passes each by itself before.
  struct Parameters {
    std::string_view method, target, authorization, content_type, content_encoding, content_length,
        idempotency_key, if_match, if_none_match, request_id, traceparent, readiness_details;
  };

  enum class State {
    idle,    // between requests and between records
    partly,  // the rest of a request or of a record has yet to come
    whole,   // a request is here; finish() it before the next one can come
    broken,  // a broken protocol, a bound, an abort: the connection has to be closed. Final.
  };

  // Takes all of the bytes. They may be cut anywhere.
  State feed(std::string_view bytes);
  State state() const;

  // Of a whole request. The parameters are views that last until finish().
  const Parameters& parameters() const { return parameters_; }
  std::string take_body() { return std::move(body_); }
  bool body_too_large() const { return body_dropped_; }  // read to its end and thrown away
  std::uint16_t request_id() const { return id_; }
  bool keeps_connection() const { return keep_; }
  void finish();

  // Records for the peer that are no answer to a request: send them, also when broken. Mostly empty.
  std::string take_replies() { return std::exchange(replies_, {}); }

  // Memory held for what is not whole yet.
  std::size_t held_bytes() const { return parameter_text_.capacity() + body_.capacity() + small_.capacity(); }

 private:
  enum class Content { small, parameters, body, nothing };  // where a record's content goes

  bool take_header(std::string_view& bytes);
  bool take_content(std::string_view& bytes);
  bool take_padding(std::string_view& bytes);
  void begin_record();
  void begin_management_record();
  void begin_own_record();
  void end_record();
  void begin_request();
  void end_parameters();
  void end_body();
  void tell_values();
  void refuse(unsigned char protocol_status);
  void reply(unsigned char type, std::uint16_t id, std::string_view content);
  void fail() { broken_ = true; }

  // The record that comes in.
  std::array<unsigned char, 8> header_{};
  std::size_t header_bytes_ = 0;
  unsigned char type_ = 0;
  std::uint16_t record_id_ = 0;
  std::size_t content_bytes_ = 0, content_left_ = 0, padding_left_ = 0;
  Content content_ = Content::nothing;
  std::string small_;  // the content of a record that is read as a whole

  // The request that is active.
  bool active_ = false, keep_ = false, parameters_ended_ = false, whole_ = false, body_dropped_ = false;
  std::uint16_t id_ = 0;
  std::string parameter_text_, body_;
  Parameters parameters_;
  std::size_t announced_ = 0, body_bytes_ = 0;

  bool broken_ = false;
  std::string replies_;
  std::size_t replies_made_ = 0;  // since a request has begun
};

}  // namespace tasklane
