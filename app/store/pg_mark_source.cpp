#include "store/pg_mark_source.h"

#include "base/limits.h"
#include "store/pg_task_store.h"
#include "store/statements.h"

namespace tasklane {

boost::asio::awaitable<Result<std::vector<UserMark>>> PgMarkSource::changed_since(std::int64_t change) {
  using statements::kMark;
  const auto rows = co_await pool_.run(statements::kUserMarks, LastChange(change), limits::kMarksPatience);
  if (!rows) co_return std::unexpected(rows.error());
  std::vector<UserMark> marks;
  marks.reserve(static_cast<std::size_t>(rows->size()));
  for (int row = 0; row < rows->size(); ++row) {
    const auto user = rows->text(row, place_of("user_id", kMark));
    const auto blocked = rows->boolean(row, place_of("blocked", kMark));
    const auto deleted = rows->boolean(row, place_of("deleted", kMark));
    const auto signed_out_at = rows->timestamp(row, place_of("signed_out_at", kMark));
    const auto number = rows->integer(row, place_of("change", kMark));
    if (!user || !blocked || !deleted || !number) co_return unexpected_answer();
    marks.push_back(
        {.user = std::string(*user),
         .blocked = *blocked,
         .deleted = *deleted,
         .signed_out_at = signed_out_at ? static_cast<double>(*signed_out_at) / 1e6 : VerifiedToken::kNotSaid,
         .change = *number});
  }
  co_return marks;
}

}  // namespace tasklane
