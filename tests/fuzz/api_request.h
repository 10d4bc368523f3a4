#pragma once
// A request to the task API made from a fuzz input, together with what it means: the parts are chosen from
// pieces whose meaning is known, so that nothing has to be parsed to know what must come of it.

#include <array>
#include <optional>
#include <vector>

#include "fuzz.h"
#include "http/router.h"

namespace tasklane::fuzz {

struct Piece {
  std::string_view json, means;
  bool is_white = false;
};
inline constexpr Piece kPieces[] = {{"a", "a"},
                                    {" ", " ", true},
                                    {R"(\n)", "\n", true},
                                    {R"(\u3000)", "\u3000", true},
                                    {"\u00a0", "\u00a0", true},
                                    {"\u200b", "\u200b"},  // looks like white space and is none
                                    {"\u00e9", "\u00e9"},
                                    {R"(\u00e9)", "\u00e9"},
                                    {R"(\ud83d\ude00)", "\U0001f600"},
                                    {R"(\")", "\""},
                                    {R"(\\)", "\\"}};

// A field of a body: what is written, and what it means. No text: not there, null, or of another type.
struct Field {
  enum Kind { absent, null, wrong, text } kind = absent;
  std::string json = {}, value = {}, trimmed = {};
  std::size_t length = 0, trimmed_length = 0;  // in code points
};

inline Field make_text(FuzzedDataProvider& input, std::size_t longest) {
  std::vector<Piece> pieces;
  while (pieces.size() < 8 && input.ConsumeBool()) pieces.push_back(input.PickValueInArray(kPieces));
  if (input.ConsumeIntegralInRange(0, 9) == 0)
    pieces.insert(pieces.end(), longest - 4 + input.ConsumeIntegralInRange<std::size_t>(0, 6), kPieces[0]);
  Field field{.kind = Field::text, .length = pieces.size()};
  std::size_t begin = 0, end = pieces.size();
  while (begin < end && pieces[begin].is_white) ++begin;
  while (begin < end && pieces[end - 1].is_white) --end;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    field.json += pieces[i].json;
    field.value += pieces[i].means;
    if (i >= begin && i < end) field.trimmed += pieces[i].means;
  }
  field.trimmed_length = end - begin;
  field.json = '"' + field.json + '"';
  return field;
}

inline Field make_field(FuzzedDataProvider& input, std::size_t longest) {
  const int dice = input.ConsumeIntegralInRange(0, 9);
  if (dice == 0) return {.kind = Field::null, .json = "null"};
  if (dice == 1) return {.kind = Field::wrong, .json = input.ConsumeBool() ? "17" : "[{}]"};
  if (dice <= 3) return {};
  return make_text(input, longest);
}

struct Body {
  std::string json;
  bool sound = true;  // one JSON object
  Field title, description;
  enum Completed { absent, yes, no, wrong } completed = absent;
};

inline Body make_body(FuzzedDataProvider& input) {
  Body body{.json = {}, .title = make_field(input, 200), .description = make_field(input, 10'000)};
  body.completed = static_cast<Body::Completed>(input.ConsumeIntegralInRange(0, 3));
  std::string members;
  const auto member = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) members += fmt::format("{}\"{}\":{}", members.empty() ? "" : ", ", name, value);
  };
  member("title", body.title.json);
  member("unknown", input.ConsumeBool() ? "{\"title\":[1.5e3,null]}" : "");
  constexpr std::array<std::string_view, 4> kCompleted = {"", "true", "false", "null"};
  member("completed", kCompleted[body.completed]);
  member("description", body.description.json);
  body.json = '{' + members + '}';
  const int damage = input.ConsumeIntegralInRange(0, 15);
  body.sound = damage == 0 || damage > 7;
  if (damage == 1) body.json.pop_back();
  if (damage == 2) body.json += 'x';
  if (damage == 3) body.json = "[" + body.json + "]";
  if (damage == 4) body.json = R"({"title":"a","title":"b"})";
  if (damage == 5) body.json = R"({"title":"a\ud800"})";
  if (damage == 6) body.json = "{\"title\":\"a\",\"x\":\"\xff\"}";
  if (damage == 7) body.json = R"({"title":"a","x":[[[[[[[[1]]]]]]]]})";
  return body;
}

// A list's query and the state that it asks for; nullopt: all.
struct Query {
  std::string_view text;
  std::optional<bool> completed = {};
  bool sound = true;
};
inline constexpr Query kQueries[] = {{""},
                                     {"?status=all"},
                                     {"?status=completed", true},
                                     {"?status=active", false},
                                     {"?status=pending", false},
                                     {"?status=%61ctive&limits=x", false},
                                     {"?completed=true", true},
                                     {"?completed=false", false},
                                     {"?completed=true&status=active", false},
                                     {"?nothing=1&&="},
                                     {"?status=all&limit=0", {}, false},
                                     {"?limit=1&limit=1", {}, false},
                                     {"?cursor=AAAA", {}, false},
                                     {"?offset=1", {}, false},
                                     {"?q=%ff", {}, false},
                                     {"?sort=id", {}, false},
                                     {"?status=done", {}, false},
                                     {"?completed=1", {}, false}};

// A list in pages: its query, and what it means.
struct Pages {
  enum Key { created_at, updated_at, title, completed } key = created_at;
  bool descending = true;
  std::optional<bool> state = {};
  std::string search = {};  // of one piece, which is no white space; empty: none
  std::size_t limit = 1;
  std::string query = {};
};

inline Pages make_pages(FuzzedDataProvider& input) {
  constexpr std::array<std::string_view, 4> kKeys = {"created_at", "updated_at", "title", "completed"};
  Pages pages{.key = static_cast<Pages::Key>(input.ConsumeIntegralInRange(0, 3)),
              .limit = input.ConsumeIntegralInRange<std::size_t>(1, 5)};
  pages.descending = pages.key != Pages::title;
  pages.query = fmt::format("?limit={}&sort={}", pages.limit, kKeys[pages.key]);
  if (input.ConsumeBool()) {
    pages.descending = input.ConsumeBool();
    pages.query += pages.descending ? "&order=desc" : "&order=asc";
  }
  if (input.ConsumeBool()) {
    pages.state = input.ConsumeBool();
    pages.query += *pages.state ? "&status=completed" : "&status=active";
  }
  const Piece& piece = input.PickValueInArray(kPieces);
  if (!piece.is_white && input.ConsumeBool()) {
    pages.search = piece.means;
    pages.query += "&q=" + percent_encode(piece.means == "a" ? "A" : piece.means);
  }
  return pages;
}

}  // namespace tasklane::fuzz
