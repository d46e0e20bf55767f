// Training as a person does it: from a config and a folder to checkpoints, results and a page; and
// stopping it in every way.

#include <algorithm>
#include <cmath>

#include "cli_support.h"
#include "support/tensors_of.h"

namespace
{

using namespace test;

Words train_words(const std::string &run, const Words &more = {})
{
    Words words = {"train",
                   "--config",
                   world().config(),
                   "--run",
                   run,
                   "data.label_ratio=1",
                   "solver.batch_labeled=4",
                   "solver.iterations=6",
                   "log.every_iterations=1",
                   "checkpoint.every_iterations=2"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

Words train_ours_words(const std::string &run, const Words &more = {})
{
    Words words = train_words(run, {"ssl.preset=ours", "solver.batch_unlabeled=4"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

std::vector<std::string> list_folder(const std::string &path)
{
    std::vector<std::string> names;
    for (const auto &entry : std::filesystem::directory_iterator(path)) {
        names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

void expect_evaluation(const Json &report)
{
    EXPECT_GE(report["frame_map@0.5"].number(), 0);
    EXPECT_LE(report["frame_map@0.5"].number(), 1);
    EXPECT_GT(report["chance_frame_map@0.5"].number(), 0);
    ASSERT_EQ(report["classes"].size(), 12u);
    for (size_t j = 0; j < 12; ++j) {
        const Json line = report["classes"][j];
        EXPECT_EQ(line["id"].number(), static_cast<double>(j + 1));
        EXPECT_EQ(line["ap"].is_null(), line["positives"].number() == 0);
        EXPECT_TRUE(line["detections"].is_number());
        EXPECT_TRUE(line["name"].is_text());
    }
}

// ---- one run from end to end ----

TEST(Train, LeavesARunFolderOfTheContract)
{
    const std::string folder = world() / "baseline";
    const Json result = run_json(train_words(folder));

    EXPECT_EQ(result["iterations"].number(), 6);
    expect_evaluation(result["student"]);
    EXPECT_TRUE(result["teacher"].is_null()) << "the baseline has none";
    EXPECT_EQ(result["checkpoint"].text(), folder + "/checkpoints/000006.safetensors");
    EXPECT_EQ(result["report"].text(), folder + "/report/index.html");

    EXPECT_EQ(list_folder(folder), (Words{"checkpoints", "config.yaml", "detections",
                                          "metrics.jsonl", "report", "run.lock"}));
    EXPECT_EQ(list_folder(folder + "/checkpoints"),
              (Words{"000004.safetensors", "000006.safetensors", "latest"}))
        << "the last two stay";
    EXPECT_EQ(get_file(folder + "/checkpoints/latest"), "000006.safetensors\n");
    EXPECT_EQ(list_folder(folder + "/detections"), (Words{"validation_student.csv"}));
    for (const char *name : {"index.html", "results.csv", "evaluation_validation_student.json"}) {
        EXPECT_TRUE(std::filesystem::exists(folder + "/report/" + name)) << name;
    }
    const std::string page = get_file(folder + "/report/index.html");
    EXPECT_TRUE(contains(page, "<html") && contains(page, "</html>"));
    EXPECT_FALSE(contains(page, "src=\"http")) << "the page needs no network";

    const std::string config = get_file(folder + "/config.yaml");
    EXPECT_EQ(run({"config", "render", "--config", folder + "/config.yaml"}).out, config)
        << "complete and reusable";
}

TEST(Train, WritesOneJsonObjectForEveryEvent)
{
    const std::string folder = world() / "events";
    ASSERT_EQ(run(train_ours_words(folder)).code, 0);
    const std::vector<Json> lines = read_lines(folder + "/metrics.jsonl");

    ASSERT_GT(lines.size(), 10u);
    EXPECT_EQ(lines.front()["event"].text(), "run");
    EXPECT_EQ(lines.back()["event"].text(), "end");
    std::map<std::string, int> events;
    double next = 1;
    for (const Json &line : lines) {
        const std::string event = line["event"].text();
        ++events[event];
        EXPECT_TRUE(line["iteration"].is_number());
        EXPECT_EQ(line["time"].text().back(), 'Z');
        EXPECT_GE(line["elapsed_s"].number(), 0);
        if (event == "train") {
            EXPECT_EQ(line["iteration"].number(), next++);
            for (const char *tag :
                 {"train/loss", "train/loss_supervised", "train/loss_unsupervised",
                  "train/loss_regulariser", "train/learning_rate", "train/people",
                  "pseudo/positive_rate", "pseudo/negative_rate", "pseudo/ignored_rate",
                  "pseudo/sampled_rate", "perf/step_ms", "perf/data_wait_ms"}) {
                EXPECT_TRUE(line[tag].is_number()) << tag;
            }
        }
        if (event == "train" && next == 2) {
            EXPECT_TRUE(line["threshold/stand"].is_number());
        }
    }
    EXPECT_EQ(events["train"], 6);
    EXPECT_EQ(events["checkpoint"], 3);
    EXPECT_EQ(events["eval"], 2) << "student and teacher";
    EXPECT_EQ(events["classes"], 1);
    EXPECT_EQ(events["monitor"], 2) << "the first and the last iteration";
    EXPECT_TRUE(lines[lines.size() - 2].has("eval_validation/teacher/map_50"));
    EXPECT_TRUE(std::filesystem::exists(folder + "/report/monitor.csv"));
    EXPECT_TRUE(contains(get_file(folder + "/report/index.html"), "Pseudo-labels by class"));
}

TEST(Train, HiddenLabelsChangeNoBitOfTheCheckpoint)
{
    const std::string with = world() / "with_hidden", without = world() / "without_hidden";
    Words words = train_ours_words(with);
    words.push_back("monitor.hidden_labels=" + world().path() + "/hidden_labels.csv");
    ASSERT_EQ(run(words).code, 0);
    words = train_ours_words(without);
    words.push_back("monitor.hidden_labels=");
    ASSERT_EQ(run(words).code, 0);

    const auto first = test::tensors_of(with + "/checkpoints/000006.safetensors");
    const auto second = test::tensors_of(without + "/checkpoints/000006.safetensors");
    ASSERT_EQ(first.size(), second.size());
    int told_apart = 0;
    for (const auto &[name, bytes] : first) {
        if (name.rfind("ssl.monitor.hidden.", 0) == 0) {
            told_apart += bytes != second.at(name);
        } else {
            EXPECT_TRUE(bytes == second.at(name)) << name;
        }
    }
    EXPECT_GT(told_apart, 0) << "the labels were looked at";
    EXPECT_TRUE(contains(get_file(with + "/metrics.jsonl"), "pseudo/hidden_recall"));
    EXPECT_FALSE(contains(get_file(without + "/metrics.jsonl"), "pseudo/hidden_recall"));
}

Words train_rounds_words(const std::string &run, const Words &more = {})
{
    Words words = train_words(run, {"ssl.preset=noisy_student", "solver.batch_unlabeled=4",
                                    "solver.iterations=3", "run.loader_threads=1"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

TEST(Train, RunsBothRoundsOfNoisyStudentByOneCommand)
{
    const std::string folder = world() / "rounds";
    const Outcome outcome = run(train_rounds_words(folder));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "round 1/2  1/6  loss ")) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "round 2/2  6/6  loss ")) << outcome.err;

    std::vector<double> rounds, evaluated;
    for (const Json &line : read_lines(folder + "/metrics.jsonl")) {
        if (line["event"].text() == "train") {
            rounds.push_back(line["train/round"].number());
        } else if (line["event"].text() == "eval" && line.has("eval_validation/student/round")) {
            evaluated.push_back(line["eval_validation/student/round"].number());
        }
    }
    EXPECT_EQ(rounds, (std::vector<double>{1, 1, 1, 2, 2, 2}));
    EXPECT_EQ(evaluated, (std::vector<double>{1, 2})) << "each round is measured where it ends";
    EXPECT_TRUE(contains(get_file(folder + "/report/index.html"), "6 (round 2)"));
}

TEST(Train, GoesOnInTheSecondRoundAfterAStopInTheFirst)
{
    const std::string straight = world() / "rounds straight", stopped = world() / "rounds stopped";
    ASSERT_EQ(run(train_rounds_words(straight)).code, 0);
    for (const char *until : {"checkpoints/000002.safetensors", "checkpoints/000004.safetensors"}) {
        Child child(train_rounds_words(stopped, {"--resume=auto"}));
        while (child.is_running() && !std::filesystem::exists(stopped + "/" + until)) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        child.send(SIGKILL);
        child.wait();
    }
    ASSERT_EQ(run(train_rounds_words(stopped, {"--resume=auto"})).code, 0);
    EXPECT_EQ(get_file(straight + "/checkpoints/000006.safetensors"),
              get_file(stopped + "/checkpoints/000006.safetensors"));
}

TEST(Train, PlainOutputNamesTheResultsAndSaysNothingElseOnStdout)
{
    const std::string folder = world() / "plain";
    const Outcome outcome = run(train_ours_words(folder));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    for (const char *piece : {"student frame mAP@0.5 ", "teacher frame mAP@0.5 ",
                              "chance  frame mAP@0.5 ", "checkpoint: ", "report: "}) {
        EXPECT_TRUE(contains(outcome.out, piece)) << outcome.out;
    }
    EXPECT_TRUE(contains(outcome.err, "iteration 1/6  loss "));
    EXPECT_EQ(outcome.err.find('\r'), std::string::npos) << "plain lines where no terminal is";
    const Outcome quiet = run(train_words(world() / "quiet", {"--quiet"}));
    EXPECT_EQ(quiet.code, 0);
    EXPECT_EQ(quiet.err, "");
}

TEST(Train, SameWordsGiveTheSameBytes)
{
    const std::string first = world() / "same1", second = world() / "same2";
    ASSERT_EQ(run(train_ours_words(first, {"run.loader_threads=1"})).code, 0);
    ASSERT_EQ(run(train_ours_words(second, {"run.loader_threads=1"})).code, 0);
    const std::string name = "/checkpoints/000006.safetensors";
    EXPECT_TRUE(get_file(first + name) == get_file(second + name));
    EXPECT_EQ(get_file(first + "/detections/validation_teacher.csv"),
              get_file(second + "/detections/validation_teacher.csv"));
}

TEST(Train, StartsFromTheWeightsOfAnotherRun)
{
    const std::string first = world() / "first", second = world() / "second";
    ASSERT_EQ(run(train_words(first)).code, 0);
    const Outcome outcome =
        run(train_ours_words(second, {"model.weights=" + first + "/checkpoints/latest",
                                      "solver.iterations=1", "solver.peak_lr=1e-12"}));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    // One step at a rate of nearly nothing: the same network on the same boxes.
    const Json before(get_file(first + "/report/evaluation_validation_student.json"));
    const Json after(get_file(second + "/report/evaluation_validation_teacher.json"));
    EXPECT_NEAR(before["frame_map@0.5"].number(), after["frame_map@0.5"].number(), 1e-9);
}

// ---- evaluate, report ----

TEST(Evaluate, OfARunIsWhatTrainPrinted)
{
    const std::string folder = world() / "evaluated";
    const Json trained = run_json(train_ours_words(folder));
    const std::string detections = world() / "detections.csv";
    const Json found = run_json({"evaluate", "--run", folder, "--detections", detections});

    EXPECT_EQ(found["frame_map@0.5"].number(), trained["teacher"]["frame_map@0.5"].number());
    EXPECT_EQ(found["chance_frame_map@0.5"].number(),
              trained["teacher"]["chance_frame_map@0.5"].number());
    for (size_t j = 0; j < 12; ++j) {
        for (const char *member : {"id", "name", "ap", "positives", "detections"}) {
            EXPECT_TRUE(found["classes"][j][member] == trained["teacher"]["classes"][j][member]);
        }
    }
    EXPECT_EQ(get_file(detections), get_file(folder + "/detections/validation_teacher.csv"));

    // Its detections, scored as files, have that mAP too.
    const Json scored = run_json({"score", "--detections", detections, "--labels",
                                  world().path() + "/labels_validation.csv", "--actions",
                                  world().path() + "/actions.pbtxt"});
    EXPECT_NEAR(scored["frame_map@0.5"].number(), found["frame_map@0.5"].number(), 1e-9);
}

TEST(Evaluate, TakesWeightsAndAConfig)
{
    const std::string folder = world() / "weights";
    const Json trained = run_json(train_words(folder));
    const Json found = run_json(
        {"evaluate", "--config", world().config(), "--weights", folder + "/checkpoints/latest"});
    EXPECT_EQ(found["frame_map@0.5"].number(), trained["student"]["frame_map@0.5"].number());
    const Json other = run_json({"evaluate", "--run", folder, "--split", "train"});
    EXPECT_GT(other["classes"][size_t{0}]["positives"].number(), 0);
}

TEST(Evaluate, SaysWhatIsMissing)
{
    expect_failure({"evaluate", "--run", world() / "no_run"}, 3, {"no_run"});
    expect_failure({"evaluate", "--config", world().config(), "--weights", "/nowhere.safetensors"},
                   3, {"/nowhere.safetensors"});
    const std::string folder = world() / "split";
    ASSERT_EQ(run(train_words(folder, {"solver.iterations=1"})).code, 0);
    expect_failure({"evaluate", "--run", folder, "--split", "holdout"}, 2, {"holdout"});
    expect_failure({"evaluate", "--run", folder, "model.class_count=11"}, 3, {"11", "12"});
}

TEST(Train, RunsAreSetSideBySideOnOnePage)
{
    const std::string first = world() / "left", second = world() / "right";
    ASSERT_EQ(run(train_words(first, {"solver.iterations=1"})).code, 0);
    ASSERT_EQ(run(train_ours_words(second, {"solver.iterations=1"})).code, 0);
    const std::string page = world() / "compare.html";
    EXPECT_EQ(run_json({"report", first, second, "--out", page})["report"].text(), page);
    const std::string text = get_file(page);
    EXPECT_TRUE(contains(text, "left") && contains(text, "right") && contains(text, "</html>"));
    expect_failure({"report", world() / "no_run", "--out", page}, 3, {"no_run"});
}

// ---- what cannot be started ----

TEST(Train, RefusesAFolderThatCannotBeWritten)
{
    const TemporaryFolder folder;
    put_file(folder / "file", "");
    expect_failure(train_words(folder / "file/run"), 3, {folder / "file"});
    expect_failure(train_words("/proc/sslact/run"), 3, {"/proc/sslact"});
    EXPECT_EQ(get_file(folder / "file"), "");
    if (geteuid() != 0) { // root may write anywhere
        std::filesystem::create_directory(folder / "closed");
        std::filesystem::permissions(folder / "closed", std::filesystem::perms::owner_read);
        expect_failure(train_words(folder / "closed/run"), 3, {"closed"});
        std::filesystem::permissions(folder / "closed", std::filesystem::perms::owner_all);
    }
}

TEST(Train, RefusesAFolderThatHoldsARun)
{
    const std::string folder = world() / "held";
    ASSERT_EQ(run(train_words(folder, {"solver.iterations=1"})).code, 0);
    const std::string checkpoint = get_file(folder + "/checkpoints/000001.safetensors");

    expect_failure(train_words(folder), 3, {"held", "--resume=auto"});
    expect_failure(
        train_words(folder, {"--resume=auto", "solver.iterations=1", "solver.peak_lr=0.123"}), 3,
        {"solver.peak_lr", "0.123"});

    EXPECT_TRUE(get_file(folder + "/checkpoints/000001.safetensors") == checkpoint);
}

TEST(Train, RefusesMissingInputs)
{
    expect_failure({"train", "--config", "/nowhere.yaml", "--run", world() / "x"}, 3,
                   {"/nowhere.yaml"});
    expect_failure(train_words(world() / "x", {"model.weights=/nowhere.safetensors"}), 3,
                   {"/nowhere.safetensors"});
    expect_failure(train_words(world() / "x", {"data.train.labels=/nowhere.csv"}), 3,
                   {"/nowhere.csv"});
    expect_failure(train_words(world() / "x", {"model.class_count=11"}), 3, {"11", "12"});
    expect_failure({"train", "--run", world() / "x"}, 2, {"data."});
    EXPECT_FALSE(std::filesystem::exists(world() / "x")) << "nothing was started";
}

TEST(Train, GivesUpWhereNumbersAreNotFinite)
{
    const std::string folder = world() / "nonfinite";
    expect_failure(train_words(folder, {"solver.peak_lr=1e30", "solver.iterations=12"}), 4,
                   {"not finite", "iteration", "solver.peak_lr"});
    const Json failure(get_file(folder + "/failure.json"));
    EXPECT_EQ(failure["status"].text(), "SSLACT_ERROR_NONFINITE");
    EXPECT_TRUE(contains(failure["message"].text(), "not finite"));
    EXPECT_TRUE(failure["iteration"].is_number());

    // Steps may be left out; what is left of the network is still of no use.
    const Outcome skipping =
        run(train_words(world() / "skipping", {"solver.peak_lr=1e30", "solver.iterations=5",
                                               "solver.max_nonfinite=100"}));
    EXPECT_EQ(skipping.code, 4) << skipping.err;
    EXPECT_TRUE(contains(skipping.err, "going on (1 of at most 100)")) << skipping.err;
    EXPECT_TRUE(contains(last_line(skipping.err), "scores are not finite")) << skipping.err;
}

// ---- stopping and going on ----

constexpr const char *final_checkpoint = "/checkpoints/000024.safetensors";

Words long_words(const std::string &run, const Words &more = {})
{
    Words words = train_ours_words(
        run, {"solver.iterations=24", "checkpoint.every_iterations=5", "run.loader_threads=2"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

// The run that nothing disturbed.
const std::string &undisturbed()
{
    static const std::string folder = [] {
        const std::string path = world() / "undisturbed";
        EXPECT_EQ(run(long_words(path)).code, 0);
        return path;
    }();
    return folder;
}

// Waits until the run has taken this many steps.
bool wait_for_steps(Child &child, const std::string &folder, int steps)
{
    const std::string mark = "\"event\":\"train\",\"iteration\":" + std::to_string(steps) + ",";
    while (child.is_running()) {
        if (contains(get_file(folder + "/metrics.jsonl"), mark)) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
}

void expect_same_end(const std::string &folder)
{
    EXPECT_TRUE(get_file(folder + final_checkpoint) == get_file(undisturbed() + final_checkpoint))
        << "the final checkpoint differs from that of the undisturbed run";
    EXPECT_EQ(get_file(folder + "/detections/validation_teacher.csv"),
              get_file(undisturbed() + "/detections/validation_teacher.csv"));
}

TEST(Stop, BySigintWritesACheckpointAndResumeEndsWithTheSameBytes)
{
    for (const int signal_number : {SIGINT, SIGTERM}) {
        const std::string folder = world() / ("stopped" + std::to_string(signal_number));
        Child child(long_words(folder));
        ASSERT_TRUE(wait_for_steps(child, folder, 7));
        child.send(signal_number);
        const Outcome stopped = child.wait();

        EXPECT_EQ(stopped.code, 75) << stopped.err;
        EXPECT_EQ(stopped.out, "");
        EXPECT_TRUE(contains(last_line(stopped.err), "--resume=auto")) << stopped.err;
        EXPECT_FALSE(std::filesystem::exists(folder + final_checkpoint));
        EXPECT_TRUE(std::filesystem::exists(folder + "/report/index.html"));

        const Outcome resumed = run(long_words(folder, {"--resume=auto"}));
        EXPECT_EQ(resumed.code, 0) << resumed.err;
        EXPECT_TRUE(contains(resumed.err, "going on after iteration")) << resumed.err;
        expect_same_end(folder);
    }
}

TEST(Stop, BySigkillLosesNothingThatWasSaved)
{
    const std::string folder = world() / "killed";
    Words words = long_words(folder);
    for (const int steps : {7, 13}) {
        Child child(words);
        ASSERT_TRUE(wait_for_steps(child, folder, steps));
        child.send(SIGKILL);
        EXPECT_EQ(child.wait().code, 128 + SIGKILL);
        words = long_words(folder, {"--resume=auto"});
    }
    const Outcome resumed = run(words);
    EXPECT_EQ(resumed.code, 0) << resumed.err;
    expect_same_end(folder);

    // Every step has its line, the one before the kill perhaps twice; a line tells of each resume.
    std::vector<bool> seen(25);
    int resumes = 0;
    for (const Json &line : read_lines(folder + "/metrics.jsonl")) {
        if (line["event"].text() == "train") {
            seen[static_cast<size_t>(line["iteration"].number())] = true;
        }
        resumes += line["event"].text() == "resume";
    }
    EXPECT_EQ(std::count(seen.begin() + 1, seen.end(), false), 0);
    EXPECT_EQ(resumes, 2);
    for (const auto &entry : std::filesystem::recursive_directory_iterator(folder)) {
        EXPECT_FALSE(contains(entry.path().string(), ".tmp-")) << entry.path();
    }
}

TEST(Stop, BySignalDuringTheLastEvaluationIsResumable)
{
    const std::string folder = world() / "evaluating";
    Child child(long_words(folder));
    while (child.is_running() && !std::filesystem::exists(folder + final_checkpoint)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    child.send(SIGINT);
    const Outcome stopped = child.wait();
    // The evaluation of this little world takes a fraction of a second: the signal may come late.
    EXPECT_TRUE(stopped.code == 75 || stopped.code == 0) << stopped.err;
    EXPECT_EQ(run(long_words(folder, {"--resume=auto"})).code, 0);
    expect_same_end(folder);
}

TEST(Stop, SigusrWritesACheckpointAndGoesOn)
{
    const std::string folder = world() / "usr1";
    Child child(long_words(folder, {"checkpoint.every_iterations=0", "checkpoint.keep_last=9"}));
    ASSERT_TRUE(wait_for_steps(child, folder, 5));
    child.send(SIGUSR1);
    const Outcome outcome = child.wait();
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(list_folder(folder + "/checkpoints").size(), 3u)
        << "the one asked for, the last one and latest";
}

TEST(Stop, SecondRunInTheSameFolderIsRefused)
{
    const std::string folder = world() / "shared";
    Child child(long_words(folder));
    ASSERT_TRUE(wait_for_steps(child, folder, 3));

    expect_failure(long_words(folder, {"--resume=auto"}), 3, {"shared", "another run"});

    child.send(SIGKILL); // its lock goes with it
    child.wait();
    EXPECT_EQ(run(long_words(folder, {"--resume=auto"})).code, 0);
    expect_same_end(folder);
}

TEST(Stop, DamagedCheckpointFallsBackToTheOneBefore)
{
    const std::string folder = world() / "damaged";
    Child child(long_words(folder));
    ASSERT_TRUE(wait_for_steps(child, folder, 12)); // 000005 and 000010 are there
    child.send(SIGKILL);
    child.wait();
    const std::string newest = folder + "/checkpoints/000010.safetensors";
    std::string bytes = get_file(newest);
    ASSERT_GT(bytes.size(), 1000u);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    put_file(newest, bytes);

    const Outcome resumed = run(long_words(folder, {"--resume=auto"}));

    EXPECT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_TRUE(contains(resumed.err, "000010.safetensors")) << resumed.err;
    EXPECT_TRUE(contains(resumed.err, "going on after iteration 5 of 24")) << resumed.err;
    expect_same_end(folder);
}

TEST(Stop, ResumeOfAFinishedRunChangesNothing)
{
    const std::string folder = world() / "finished";
    const Json first = run_json(long_words(folder));
    const std::string bytes = get_file(folder + final_checkpoint);
    const Json second = run_json(long_words(folder, {"--resume=auto"}));
    EXPECT_EQ(second["iterations"].number(), 24);
    EXPECT_EQ(second["student"]["frame_map@0.5"].number(),
              first["student"]["frame_map@0.5"].number());
    EXPECT_TRUE(get_file(folder + final_checkpoint) == bytes);
}

TEST(Stop, ResumeInAnEmptyFolderStartsARun)
{
    const std::string folder = world() / "fresh";
    EXPECT_EQ(run(train_words(folder, {"--resume=auto"})).code, 0);
    EXPECT_TRUE(std::filesystem::exists(folder + "/checkpoints/000006.safetensors"));
}

} // namespace
