// All tests in one process, with one browser: suite after suite, the tests of a suite side by side.
import "./signing-in.test.mjs";
import "./account.test.mjs";
import "./sign-up.test.mjs";
import "./mail.test.mjs";
import "./tasks.test.mjs";
import "./strangers.test.mjs";
import "./failures.test.mjs";
import "./sessions.test.mjs";
import "./accessibility.test.mjs";
import "./loading.test.mjs";
import "./split.test.mjs";
import "./interruptions.test.mjs";
import "./reference.test.mjs";
