// A batch's bookkeeping: which reply belongs to which statement, and what the server undid.

#include <boost/test/unit_test.hpp>
#include <string>

#include "postgres/batch.h"
#include "store/statements.h"

using namespace tasklane;

namespace {

Batch batch_of(std::size_t size, bool apart = false) {
  std::vector<Job> jobs(size);
  for (Job& job : jobs) job.statement = &statements::kPing;
  return Batch(std::move(jobs), apart);
}

// r: rows, e: an error, a: aborted, s: a Sync. Which of them completed the batch, as "--^".
std::string feed(Batch& batch, std::string_view replies) {
  std::string told;
  for (const char kind : replies) {
    Reply reply{.kind = kind == 'r'   ? Reply::Kind::rows
                        : kind == 'e' ? Reply::Kind::error
                        : kind == 'a' ? Reply::Kind::aborted
                                      : Reply::Kind::sync};
    if (kind == 'e') reply.sqlstate = "23514";
    told += batch.take(std::move(reply)) ? '^' : '-';
  }
  return told;
}

// The kinds of the replies to each job, by the letters above.
std::string replies_of(Batch& batch) {
  std::string kinds;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Reply& reply = batch.reply(i);
    kinds += reply.kind == Reply::Kind::rows ? 'r' : reply.kind == Reply::Kind::error ? 'e' : '?';
  }
  return kinds;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(batch)

BOOST_AUTO_TEST_CASE(no_batch_is_empty) {
  BOOST_TEST(Batch().empty());
  BOOST_TEST(batch_of(2).size() == 2U);
  BOOST_TEST(!batch_of(1).apart());
}

// Whoever locks two rows locks them in the same order as anybody else. The others keep the order they came
// in.
BOOST_AUTO_TEST_CASE(changes_rows_in_the_order_of_users_and_ids) {
  std::vector<Job> jobs;
  const auto add = [&](const UserStatement& statement, const char* user, std::int64_t id) {
    Parameters parameters;
    parameters.text(user);
    if (statement.changes_a_row) parameters.integer(id);
    jobs.push_back(
        {.statement = &statement, .parameters = std::move(parameters), .deadline = {}, .done = {}});
  };
  add(statements::kCompleteTask, "b", 2);
  add(statements::kCreateTask, "b", 0);
  add(statements::kUpdateTask, "a", 300);
  add(statements::kDeleteTask, "b", 1);
  add(statements::kListTasks, "a", 0);
  add(statements::kCompleteTask, "a", 4);
  Batch batch(std::move(jobs), false);
  std::string order;
  for (const Job& job : batch.jobs()) order += std::string(job.statement->name) + " ";
  BOOST_TEST(batch.jobs().front().parameters.bytes().starts_with("a"));
  BOOST_TEST(order == "complete_task create_task update_task delete_task list_tasks complete_task ");
}

BOOST_AUTO_TEST_CASE(is_complete_with_its_sync_and_not_before) {
  Batch batch = batch_of(3);
  BOOST_TEST(feed(batch, "rrrs") == "---^");
  BOOST_TEST(replies_of(batch) == "rrr");
  BOOST_TEST(!batch.undone());
}

BOOST_AUTO_TEST_CASE(an_error_undoes_all_that_was_sent_with_it) {
  for (const char* replies : {"eaas", "reas", "rres"}) {
    Batch batch = batch_of(3);
    BOOST_TEST(feed(batch, replies) == "---^");
    BOOST_TEST(batch.undone(), replies);
  }
}

BOOST_AUTO_TEST_CASE(an_error_of_the_commit_undoes_all) {
  Batch batch = batch_of(3);
  BOOST_TEST(feed(batch, "rrres") == "----^");
  BOOST_TEST(batch.undone());
}

BOOST_AUTO_TEST_CASE(knows_the_statement_that_failed_from_a_failed_commit) {
  Batch failed = batch_of(3);
  feed(failed, "reas");
  BOOST_REQUIRE(failed.culprit());
  BOOST_TEST(*failed.culprit() == 1U);
  BOOST_TEST(failed.reply(1).sqlstate == "23514");
  Batch uncommitted = batch_of(3);
  feed(uncommitted, "rrres");
  BOOST_TEST(!uncommitted.culprit());
  Batch good = batch_of(3);
  feed(good, "rrrs");
  BOOST_TEST(!good.culprit());
}

BOOST_AUTO_TEST_CASE(a_single_statement_has_nobody_to_be_parted_from) {
  for (const char* replies : {"es", "res"}) {
    Batch batch = batch_of(1);
    BOOST_TEST(feed(batch, replies).back() == '^');
    BOOST_TEST(!batch.undone());
    BOOST_TEST(replies_of(batch) == "e");
  }
}

BOOST_AUTO_TEST_CASE(statements_apart_are_complete_with_the_last_sync) {
  Batch batch = batch_of(3, true);
  BOOST_TEST(feed(batch, "rsrsrs") == "-----^");
  BOOST_TEST(replies_of(batch) == "rrr");
}

BOOST_AUTO_TEST_CASE(a_statement_apart_fails_alone) {
  for (const auto& [replies, expected] : {std::pair("esrsrs", "err"), std::pair("rsesrs", "rer"),
                                          std::pair("rsrses", "rre"), std::pair("eseses", "eee")}) {
    Batch batch = batch_of(3, true);
    BOOST_TEST(feed(batch, replies) == "-----^");
    BOOST_TEST(replies_of(batch) == expected);
    BOOST_TEST(!batch.undone());
  }
}

BOOST_AUTO_TEST_CASE(a_failed_commit_apart_is_its_own_statement_s) {
  for (const auto& [replies, expected] :
       {std::pair("resrsrs", "err"), std::pair("rsresrs", "rer"), std::pair("rsrsres", "rre"),
        std::pair("resresres", "eee"), std::pair("esresrs", "eer"), std::pair("resesrs", "eer")}) {
    Batch batch = batch_of(3, true);
    BOOST_TEST(feed(batch, replies).find('^') == std::string(replies).size() - 1);
    BOOST_TEST(replies_of(batch) == expected, replies);
  }
}

BOOST_AUTO_TEST_CASE(a_job_is_answered_once) {
  int answers = 0;
  Job job;
  job.done = [&](Result<Rows>) { ++answers; };
  BOOST_TEST(job.waiting());
  job.finish(Rows());
  BOOST_TEST(!job.waiting());
  job.finish(Rows());
  BOOST_TEST(answers == 1);
}

BOOST_AUTO_TEST_SUITE_END()
