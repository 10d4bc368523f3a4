#include "fastcgi/request_reader.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/limits.h"
#include "base/text.h"
#include "fastcgi/records.h"

namespace tasklane {

namespace {

using Parameters = RequestReader::Parameters;

constexpr std::pair<std::string_view, std::string_view Parameters::*> kParameters[] = {
    {"REQUEST_METHOD", &Parameters::method},
    {"REQUEST_URI", &Parameters::target},
    {"HTTP_AUTHORIZATION", &Parameters::authorization},
    {"CONTENT_TYPE", &Parameters::content_type},
    {"HTTP_CONTENT_ENCODING", &Parameters::content_encoding},
    {"CONTENT_LENGTH", &Parameters::content_length},
    {"HTTP_IDEMPOTENCY_KEY", &Parameters::idempotency_key},
    {"REQUEST_ID", &Parameters::request_id},
    {"HTTP_TRACEPARENT", &Parameters::traceparent},
    {"READINESS_DETAILS", &Parameters::readiness_details},
    {"HTTP_IF_MATCH", &Parameters::if_match},
    {"HTTP_IF_NONE_MATCH", &Parameters::if_none_match},
};

std::uint16_t number(unsigned char high, unsigned char low) {
  return static_cast<std::uint16_t>(high << 8 | low);
}

std::string_view take(std::string_view& bytes, std::size_t count) {
  const std::string_view taken = bytes.substr(0, count);
  bytes.remove_prefix(taken.size());
  return taken;
}

// One byte, or four of which the first bit is set (section 3.4); empty: the text ends before.
std::optional<std::size_t> take_length(std::string_view& text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(text[i]));
  };
  if (text.empty()) return std::nullopt;
  std::size_t length = byte(0);
  if (length < 0x80) {
    text.remove_prefix(1);
    return length;
  }
  if (text.size() < 4) return std::nullopt;
  length = (length & 0x7f) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
  text.remove_prefix(4);
  return length;
}

// Calls each(name, value) for every pair. False: the text is no whole number of pairs, or has too many.
template <typename Each>
bool for_each_pair(std::string_view text, Each each) {
  for (std::size_t pairs = 0; !text.empty(); ++pairs) {
    const auto name_bytes = take_length(text);
    const auto value_bytes = take_length(text);
    if (!name_bytes || !value_bytes || pairs == limits::kFastcgiParametersMax) return false;
    if (*name_bytes > text.size() || *value_bytes > text.size() - *name_bytes) return false;
    const std::string_view name = take(text, *name_bytes);
    each(name, take(text, *value_bytes));
  }
  return true;
}

// Gives the memory back, which an assignment keeps.
void free_text(std::string& text) {
  std::string().swap(text);
}

// Empty text is a length of 0; nullopt: no length at all.
std::optional<std::size_t> parse_length(std::string_view text) {
  if (text.empty()) return 0;
  return parse_number<std::size_t>(text);
}

}  // namespace

RequestReader::State RequestReader::state() const {
  if (broken_) return State::broken;
  if (whole_) return State::whole;
  return active_ || header_bytes_ > 0 ? State::partly : State::idle;
}

RequestReader::State RequestReader::feed(std::string_view bytes) {
  while (!broken_ && take_header(bytes) && take_content(bytes) && take_padding(bytes)) end_record();
  return state();
}

// Like the two below: false when more bytes are needed, or none can mend it.
bool RequestReader::take_header(std::string_view& bytes) {
  if (header_bytes_ == header_.size()) return true;
  const auto taken = take(bytes, header_.size() - header_bytes_);
  std::ranges::copy(taken, header_.begin() + static_cast<std::ptrdiff_t>(header_bytes_));
  header_bytes_ += taken.size();
  if (header_bytes_ < header_.size()) return false;
  begin_record();
  return !broken_;
}

bool RequestReader::take_content(std::string_view& bytes) {
  const auto piece = take(bytes, content_left_);
  content_left_ -= piece.size();
  std::string* const kept = content_ == Content::parameters ? &parameter_text_
                            : content_ == Content::body     ? &body_
                            : content_ == Content::small    ? &small_
                                                            : nullptr;
  if (kept != nullptr) {
    if (kept->empty()) kept->reserve(content_bytes_);
    kept->append(piece);
  }
  return content_left_ == 0;
}

bool RequestReader::take_padding(std::string_view& bytes) {
  padding_left_ -= take(bytes, padding_left_).size();
  return padding_left_ == 0;
}

void RequestReader::begin_record() {
  if (header_[0] != FCGI_VERSION_1) return fail();
  type_ = header_[1];
  record_id_ = number(header_[2], header_[3]);
  content_bytes_ = content_left_ = number(header_[4], header_[5]);
  padding_left_ = header_[6];
  content_ = Content::nothing;
  if (record_id_ == FCGI_NULL_REQUEST_ID) return begin_management_record();
  if (active_ && record_id_ == id_) return begin_own_record();
  if (type_ != FCGI_BEGIN_REQUEST) return;
  if (content_bytes_ != sizeof(FCGI_BeginRequestBody)) return fail();
  content_ = Content::small;
}

void RequestReader::begin_management_record() {
  if (type_ != FCGI_GET_VALUES) return;
  if (content_bytes_ > limits::kGetValuesMaxBytes) return fail();
  content_ = Content::small;
}

// Of the request that is active.
void RequestReader::begin_own_record() {
  if (type_ == FCGI_PARAMS && !parameters_ended_) {
    if (parameter_text_.size() + content_bytes_ > limits::kFastcgiParametersMaxBytes) return fail();
    content_ = Content::parameters;
  } else if (type_ == FCGI_STDIN && parameters_ended_ && !whole_) {
    if (content_bytes_ > announced_ - body_bytes_) return fail();
    body_bytes_ += content_bytes_;
    if (!body_dropped_) content_ = Content::body;
  } else {
    fail();
  }
}

void RequestReader::end_record() {
  header_bytes_ = 0;
  if (record_id_ == FCGI_NULL_REQUEST_ID) {
    if (type_ == FCGI_GET_VALUES) return tell_values();
    const char body[sizeof(FCGI_UnknownTypeBody)] = {static_cast<char>(type_)};
    return reply(FCGI_UNKNOWN_TYPE, FCGI_NULL_REQUEST_ID, {body, sizeof body});
  }
  if (type_ == FCGI_BEGIN_REQUEST) return begin_request();
  if (!active_ || record_id_ != id_ || content_bytes_ > 0) return;
  if (type_ == FCGI_PARAMS) return end_parameters();
  end_body();
}

void RequestReader::begin_request() {
  const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(small_[i]); };
  const std::uint16_t role = number(byte(0), byte(1));
  const bool keep = (byte(2) & FCGI_KEEP_CONN) != 0;
  small_.clear();
  if (active_) return refuse(FCGI_CANT_MPX_CONN);
  if (role != FCGI_RESPONDER) {
    refuse(FCGI_UNKNOWN_ROLE);
    if (!keep) fail();
    return;
  }
  active_ = true;
  keep_ = keep;
  id_ = record_id_;
  replies_made_ = 0;
}

void RequestReader::end_parameters() {
  parameters_ended_ = true;
  const bool right = for_each_pair(parameter_text_, [this](std::string_view name, std::string_view value) {
    const auto known = std::ranges::find(kParameters, name, [](const auto& each) { return each.first; });
    if (known == std::end(kParameters)) return;
    std::string_view& kept = parameters_.*known->second;
    if (kept.data() == nullptr) {
      kept = value;
    } else if (&kept == &parameters_.idempotency_key || &kept == &parameters_.if_match) {
      kept = ",";
    }
  });
  const auto announced = parse_length(parameters_.content_length);
  if (!right || !announced || *announced > limits::kDrainMaxBytes) return fail();
  announced_ = *announced;
  body_dropped_ = announced_ > limits::kRequestBodyMaxBytes;
}

void RequestReader::end_body() {
  if (body_bytes_ != announced_) return fail();
  whole_ = true;
}

void RequestReader::finish() {
  active_ = parameters_ended_ = whole_ = body_dropped_ = false;
  free_text(parameter_text_);
  free_text(body_);
  parameters_ = {};
  announced_ = body_bytes_ = 0;
}

// Each variable once, however often it is asked for; unknown ones are left out (section 4.1).
void RequestReader::tell_values() {
  static const std::string kConnections = std::to_string(limits::kConnectionsPerWorkerMax);
  const std::pair<std::string_view, std::string_view> values[] = {
      {FCGI_MAX_CONNS, kConnections}, {FCGI_MAX_REQS, kConnections}, {FCGI_MPXS_CONNS, "0"}};
  bool asked[std::size(values)] = {};
  const bool right = for_each_pair(small_, [&](std::string_view name, std::string_view) {
    for (std::size_t i = 0; i < std::size(values); ++i) asked[i] = asked[i] || name == values[i].first;
  });
  free_text(small_);
  if (!right) return fail();
  std::string content;
  for (std::size_t i = 0; i < std::size(values); ++i) {
    if (!asked[i]) continue;
    const auto& [name, value] = values[i];
    content += {static_cast<char>(name.size()), static_cast<char>(value.size())};
    content.append(name).append(value);
  }
  reply(FCGI_GET_VALUES_RESULT, FCGI_NULL_REQUEST_ID, content);
}

void RequestReader::refuse(unsigned char protocol_status) {
  FCGI_EndRequestBody body{};
  body.protocolStatus = protocol_status;
  char bytes[sizeof body];
  std::memcpy(bytes, &body, sizeof body);
  reply(FCGI_END_REQUEST, record_id_, {bytes, sizeof bytes});
}

void RequestReader::reply(unsigned char type, std::uint16_t id, std::string_view content) {
  if (++replies_made_ > limits::kFastcgiRepliesMax) return fail();
  const FCGI_Header header = record_header(type, id, content.size());
  char bytes[sizeof header];
  std::memcpy(bytes, &header, sizeof header);
  replies_.append(bytes, sizeof bytes).append(content);
}

}  // namespace tasklane
