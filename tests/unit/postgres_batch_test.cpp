// A batch's bookkeeping: which reply belongs to which statement, and what the server undid.

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "base/limits.h"
#include "postgres/batch.h"
#include "store/statements.h"

using namespace tasklane;

namespace {

using Form = Batch::Form;
using Kind = Batch::Step::Kind;

Job job_of(const Statement& statement, const char* user = "a", std::int64_t id = 1, const char* key = "k") {
  Parameters parameters;
  parameters.text(user);
  if (statement.locks != Locks::key) parameters.integer(id);
  parameters.text(key);
  return {.statement = &statement, .parameters = std::move(parameters), .deadline = {}, .done = {}};
}

// r: a read, w: a write.
Batch batch_of(std::string_view kinds, Form form = Form::together) {
  std::vector<Job> jobs;
  for (const char kind : kinds)
    jobs.push_back(kind == 'r' ? job_of(statements::kListTasks) : job_of(statements::kCreateTask));
  Batch batch;
  batch.fill(std::move(jobs), form);
  return batch;
}

// The names of what is sent, "s" for a Sync.
std::string sent(Batch& batch) {
  std::string text;
  for (const auto& step : batch.steps()) {
    const auto name = [&] { return batch.jobs()[step.job].parameters.at(0); };
    switch (step.kind) {
      case Kind::begin:
        text += "BEGIN ";
        break;
      case Kind::commit:
        text += "COMMIT ";
        break;
      case Kind::sync:
        text += "s ";
        break;
      case Kind::lock:
        text += fmt::format("lock:{} ", name());
        break;
      case Kind::run:
        text += fmt::format("{}:{} ", batch.jobs()[step.job].statement->name, name());
        break;
    }
  }
  return text;
}

// r: rows, e: an error, u: one that proves nothing, a: aborted, s: a Sync, o: a Sync in a block that is open.
// What each of them was, as in
// "-r-^":
// -: open, r: a read that may be answered, f: failed in its block, x: stuck, ^: complete.
std::string feed(Batch& batch, std::string_view replies) {
  std::string told;
  for (const char kind : replies) {
    Reply reply{.kind = kind == 'r'                  ? Reply::Kind::rows
                        : kind == 'e' || kind == 'u' ? Reply::Kind::error
                        : kind == 'a'                ? Reply::Kind::aborted
                                                     : Reply::Kind::sync};
    reply.in_block = kind == 'o';
    if (kind == 'e') reply.sqlstate = "23514";
    if (kind == 'u') reply.sqlstate = "XX000";
    told += "-rfx^"[static_cast<std::size_t>(batch.take(std::move(reply)))];
  }
  return told;
}

// The kinds of the replies to each job, by the letters above.
std::string replies_of(Batch& batch) {
  std::string kinds;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Reply& reply = batch.reply(i);
    kinds += reply.kind == Reply::Kind::rows ? 'r' : reply.kind == Reply::Kind::error ? 'e' : 'a';
  }
  return kinds;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(batch)

BOOST_AUTO_TEST_CASE(no_batch_is_empty) {
  BOOST_TEST(Batch().empty());
  BOOST_TEST(batch_of("rw").size() == 2U);
  BOOST_TEST(!batch_of("r").apart());
  BOOST_TEST(!batch_of("rr").writes());
  BOOST_TEST(batch_of("rw").writes());
}

BOOST_AUTO_TEST_CASE(reads_and_writes_end_in_transactions_of_their_own) {
  for (const auto& [kinds, steps] :
       {std::pair("rr", "list_tasks:a list_tasks:a s "), std::pair("w", "create_task:a s "),
        std::pair("wr", "list_tasks:a s create_task:a s "),
        std::pair("ww", "BEGIN create_task:a create_task:a COMMIT s "),
        std::pair("wrw", "list_tasks:a s BEGIN create_task:a create_task:a COMMIT s ")}) {
    Batch batch = batch_of(kinds);
    BOOST_TEST(sent(batch) == steps);
  }
  Batch apart = batch_of("wr", Form::apart);
  BOOST_TEST(sent(apart) == "list_tasks:a s create_task:a s ");
}

// All batches lock rows and keys in the same order, and every row before any key.
BOOST_AUTO_TEST_CASE(takes_its_locks_in_one_order) {
  std::vector<Job> jobs;
  jobs.push_back(job_of(statements::kCompleteTask, "d"));
  jobs.push_back(job_of(statements::kCompleteTaskOnce, "c", 2, "x"));
  jobs.push_back(job_of(statements::kCreateTask, "z"));
  jobs.push_back(job_of(statements::kCreateTaskOnce, "b", 0, "y"));
  jobs.push_back(job_of(statements::kDeleteTask, "a"));
  Batch batch;
  batch.fill(std::move(jobs), Form::together);
  BOOST_TEST(sent(batch) ==
             "BEGIN create_task:z delete_task:a lock:c complete_task:d create_task_once:b "
             "complete_task_once:c COMMIT s ");
}

BOOST_AUTO_TEST_CASE(a_row_that_many_change_is_locked_once) {
  std::vector<Job> jobs;
  for (const char* key : {"x", "y", "z"}) jobs.push_back(job_of(statements::kCompleteTaskOnce, "a", 1, key));
  jobs.push_back(job_of(statements::kCompleteTaskOnce, "b", 1, "v"));
  jobs.push_back(job_of(statements::kCompleteTask, "b"));
  Batch batch;
  batch.fill(std::move(jobs), Form::together);
  BOOST_TEST(sent(batch) ==
             "BEGIN lock:a complete_task:b complete_task_once:a complete_task_once:a complete_task_once:a "
             "complete_task_once:b COMMIT s ");
}

BOOST_AUTO_TEST_CASE(one_keyed_change_needs_no_lock_ahead) {
  std::vector<Job> jobs;
  jobs.push_back(job_of(statements::kCompleteTaskOnce));
  Batch batch;
  batch.fill(std::move(jobs), Form::together);
  BOOST_TEST(sent(batch) == "complete_task_once:a s ");
}

BOOST_AUTO_TEST_CASE(a_read_is_answered_as_it_comes_and_a_write_at_the_end) {
  Batch batch = batch_of("wrrw");
  BOOST_TEST(feed(batch, "rrsrrrrs") == "rr-----^");
  BOOST_TEST(replies_of(batch) == "rrrr");
}

BOOST_AUTO_TEST_CASE(a_read_that_fails_undoes_no_write) {
  Batch batch = batch_of("rrrww");
  BOOST_TEST(feed(batch, "reasrrrrs") == "r-------^");
  BOOST_TEST(replies_of(batch) == "rearr");
}

BOOST_AUTO_TEST_CASE(an_error_in_a_block_undoes_all_of_it) {
  for (const auto& [replies, expected] :
       {std::pair("reaaao", "eaa"), std::pair("rreaao", "aea"), std::pair("rrreao", "aae")}) {
    Batch batch = batch_of("www");
    BOOST_TEST(feed(batch, replies) == "-----f");
    BOOST_TEST(feed(batch, "rs") == "-^");
    BOOST_TEST(replies_of(batch) == expected);
    BOOST_TEST(!batch.commit_error().has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_rollback_that_fails_leaves_no_way_on) {
  Batch batch = batch_of("ww");
  BOOST_TEST(feed(batch, "reaaoe") == "----fx");
}

BOOST_AUTO_TEST_CASE(a_commit_that_fails_is_told_by_itself) {
  for (const auto& [error, state] : {std::pair("rrres", "23514"), std::pair("rrrus", "XX000")}) {
    Batch batch = batch_of("ww");
    BOOST_TEST(feed(batch, error) == "----^");
    BOOST_TEST(replies_of(batch) == "aa");
    BOOST_REQUIRE(batch.commit_error().has_value());
    BOOST_TEST(batch.commit_error()->sqlstate == state);
  }
}

// Of a name that the server does not know.
BOOST_AUTO_TEST_CASE(a_commit_that_is_refused_leaves_its_block_to_be_ended) {
  Batch batch = batch_of("ww");
  BOOST_TEST(feed(batch, "rrreo") == "----f");
  BOOST_TEST(feed(batch, "rs") == "-^");
  BOOST_TEST(replies_of(batch) == "aa");
}

// As an engine may that ends the transaction with the statement.
BOOST_AUTO_TEST_CASE(a_block_that_an_error_has_ended_needs_no_rollback) {
  Batch batch = batch_of("ww");
  BOOST_TEST(feed(batch, "rreas") == "----^");
  BOOST_TEST(replies_of(batch) == "ae");
}

BOOST_AUTO_TEST_CASE(a_block_that_does_not_begin_has_nothing_to_undo) {
  Batch batch = batch_of("ww");
  BOOST_TEST(feed(batch, "eaaas") == "----^");
  BOOST_TEST(replies_of(batch) == "aa");
}

BOOST_AUTO_TEST_CASE(a_single_statement_s_commit_is_its_own) {
  for (const char* replies : {"es", "res"}) {
    Batch batch = batch_of("w");
    BOOST_TEST(feed(batch, replies).back() == '^');
    BOOST_TEST(replies_of(batch) == "e");
  }
}

BOOST_AUTO_TEST_CASE(a_statement_apart_fails_alone) {
  for (const auto& [replies, expected] :
       {std::pair("rsrsrs", "rrr"), std::pair("esrsrs", "err"), std::pair("rsesrs", "rer"),
        std::pair("rsrses", "rre"), std::pair("resrsrs", "err"), std::pair("rsresrs", "rer"),
        std::pair("resresres", "eee"), std::pair("esresrs", "eer")}) {
    Batch batch = batch_of("www", Form::apart);
    BOOST_TEST(feed(batch, replies).find('^') == std::string(replies).size() - 1);
    BOOST_TEST(replies_of(batch) == expected, replies);
  }
}

BOOST_AUTO_TEST_CASE(the_commit_of_a_large_batch_waits_until_the_rest_is_sent) {
  std::vector<Job> jobs;
  for (int i = 0; i < 2; ++i) {
    jobs.push_back(job_of(statements::kCreateTask));
    jobs.back().parameters.text(std::string(limits::kBatchAtOnceMaxBytes / 2, 'x'));
  }
  Batch large;
  large.fill(std::move(jobs), Form::together);
  BOOST_TEST(large.holds_commit());
  BOOST_TEST(large.sent_at_once() == large.steps().size() - 2);
  BOOST_TEST(!large.ends_early());
  large.release_commit();
  BOOST_TEST(large.ends_early());
  BOOST_TEST(!batch_of("ww").holds_commit());
  BOOST_TEST(!batch_of("w").ends_early());
}

// As a statement that changes all of a user's tasks does.
BOOST_AUTO_TEST_CASE(many_rows_of_a_user_are_locked_beside_no_others) {
  static constexpr Statement kAllOfThem{"all", "all", Effect::write, {"all", "all"}, Locks::rows};
  const auto fitting = [](std::vector<std::pair<const Statement*, const char*>> given) {
    std::deque<Job> queue;
    for (const auto& [statement, user] : given) queue.push_back(job_of(*statement, user));
    return Batch::fitting(queue);
  };
  const Statement* all = &kAllOfThem;
  const Statement* one = &statements::kCompleteTask;
  const Statement* create = &statements::kCreateTask;
  BOOST_TEST(fitting({{one, "a"}, {one, "a"}, {one, "b"}}) == 3U);
  BOOST_TEST(fitting({{all, "a"}, {one, "b"}, {create, "a"}}) == 3U);
  BOOST_TEST(fitting({{all, "a"}, {one, "b"}, {one, "a"}, {one, "c"}}) == 2U);
  BOOST_TEST(fitting({{one, "a"}, {all, "a"}}) == 1U);
  BOOST_TEST(fitting({{all, "a"}, {all, "a"}}) == 1U);
}

BOOST_AUTO_TEST_CASE(a_sweep_of_keys_shares_a_batch_with_reads_and_no_write) {
  const auto fitting = [](const std::string& kinds) {
    std::deque<Job> queue;
    for (const char kind : kinds)
      queue.push_back(job_of(kind == 'r'   ? static_cast<const Statement&>(statements::kListTasks)
                             : kind == 'w' ? static_cast<const Statement&>(statements::kCreateTask)
                                           : statements::kSweepKeys));
    return Batch::fitting(queue);
  };
  BOOST_TEST(fitting("rsr") == 3U);
  BOOST_TEST(fitting("rws") == 2U);
  BOOST_TEST(fitting("srrw") == 3U);
  BOOST_TEST(fitting("ss") == 1U);
}

BOOST_AUTO_TEST_CASE(a_long_read_is_sent_by_itself) {
  static constexpr Statement kSearch{"search", "search", Effect::long_read, {"search", "search"}};
  std::deque<Job> queue;
  for (const Statement* statement : std::initializer_list<const Statement*>{
           &statements::kListTasks, &statements::kCreateTask, &kSearch, &statements::kListTasks})
    queue.push_back(job_of(*statement));
  BOOST_TEST(Batch::fitting(queue) == 2U);
  queue.erase(queue.begin(), queue.begin() + 2);
  BOOST_TEST(Batch::fitting(queue) == 1U);
}

BOOST_AUTO_TEST_CASE(a_batch_is_bounded_in_bytes_but_takes_one_statement_in_any_case) {
  std::deque<Job> queue;
  for (int i = 0; i < 5; ++i) {
    queue.push_back(job_of(statements::kCreateTask));
    queue.back().parameters.text(std::string(limits::kBatchMaxBytes / 2 - 100, 'x'));
  }
  BOOST_TEST(Batch::fitting(queue) == 2U);
  queue.front().parameters.text(std::string(limits::kBatchMaxBytes, 'x'));
  BOOST_TEST(Batch::fitting(queue) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
