#pragma once
// FastCGI records as bytes. The numbers and layouts are those of libfcgi's fastcgi.h.

#include <fastcgi.h>

#include <cstddef>
#include <cstdint>

namespace tasklane {

inline FCGI_Header record_header(unsigned char type, std::uint16_t request_id, std::size_t content_bytes) {
  const auto byte = [](auto number) { return static_cast<unsigned char>(number & 0xff); };
  return {.version = FCGI_VERSION_1,
          .type = type,
          .requestIdB1 = byte(request_id >> 8),
          .requestIdB0 = byte(request_id),
          .contentLengthB1 = byte(content_bytes >> 8),
          .contentLengthB0 = byte(content_bytes),
          .paddingLength = 0,
          .reserved = 0};
}

}  // namespace tasklane
