// One handle, two threads: while a call is inside a handle, every function that needs the handle
// for itself answers SSLACT_ERROR_BUSY, and those that may run together do.
//
// A call is held inside by a callback that waits. config, report and sample have no function that
// both runs a callback and needs the handle for itself; a config is held by dataset_check.

#include <atomic>
#include <cstring>
#include <functional>
#include <set>
#include <sstream>
#include <thread>

#include "capi_support.h"

namespace
{

using namespace test;

// Runs a call in a thread until it stands at the gate; the destructor lets it go.
class Inside
{
public:
    template <typename Call> Inside(Gate &gate, Call call) : gate_(gate)
    {
        thread_ = std::thread([this, call] { status_ = call(); });
        gate.wait_for_arrival();
    }
    ~Inside() { leave(); }
    sslact_status leave()
    {
        gate_.open();
        if (thread_.joinable()) {
            thread_.join();
        }
        return status_;
    }

private:
    Gate &gate_;
    std::thread thread_;
    sslact_status status_ = SSLACT_OK;
};

int wait_in_progress(const sslact_progress *, void *user)
{
    static_cast<Gate *>(user)->pass();
    return 0;
}

// A store whose reads wait at a gate once it is armed.
struct WaitingStore {
    Gate gate;
    std::atomic<bool> armed{false};
    Clip clip{7};

    static int read(size_t, sslact_clip *clip, void *user)
    {
        WaitingStore &store = *static_cast<WaitingStore *>(user);
        if (store.armed) {
            store.gate.pass();
        }
        *clip = store.clip.view;
        return 0;
    }
    Dataset open()
    {
        sslact_clip_source source;
        SSLACT_INIT(source);
        source.clip_count = 4;
        source.class_count = class_count;
        source.read = read;
        source.user = this;
        Dataset dataset;
        EXPECT_DONE_WELL(sslact_dataset_create_from_source(&source, dataset.out()));
        return dataset;
    }
};

#define EXPECT_BUSY(call)                                                                          \
    EXPECT_EQ(call, SSLACT_ERROR_BUSY) << #call << ": " << sslact_error_get_message()

TEST(Busy, TrainerRefusesEveryFunctionWhileItSteps)
{
    WaitingStore store;
    const Config config = tiny_config({{"ssl.preset", "baseline"}});
    const Dataset dataset = store.open();
    const Clip clip(1);
    const sslact_clip *clips[1] = {&clip.view};
    const TemporaryFolder folder;
    const std::string path = folder / "file";
    RunFolder run;
    Trainer trainer;
    Report report;
    Model model;
    sslact_step_report step;
    SSLACT_INIT(step);
    sslact_batch batch;
    SSLACT_INIT(batch);
    batch.labeled = clips;
    batch.labeled_count = 1;
    float numbers[8];
    size_t needed = 0;
    int64_t done = 0, planned = 0;
    int32_t present = 0;
    ASSERT_DONE_WELL(sslact_run_open(config, (folder / "run").c_str(), nullptr, run.out()));
    ASSERT_DONE_WELL(sslact_trainer_create(config, dataset, nullptr, trainer.out()));

    store.armed = true;
    Inside inside(store.gate, [&] { return sslact_trainer_step(trainer, nullptr); });

    EXPECT_BUSY(sslact_trainer_step(trainer, &step));
    EXPECT_STREQ(sslact_error_get_message(), "another thread is using this trainer");
    EXPECT_BUSY(sslact_trainer_step_batch(trainer, &batch, nullptr));
    EXPECT_BUSY(sslact_trainer_evaluate(trainer, SSLACT_STUDENT, dataset, nullptr, report.out()));
    EXPECT_BUSY(sslact_trainer_save(trainer, path.c_str()));
    EXPECT_BUSY(sslact_trainer_load(trainer, path.c_str()));
    EXPECT_BUSY(sslact_trainer_count_iterations(trainer, &done, &planned));
    EXPECT_BUSY(sslact_trainer_get_thresholds(trainer, numbers, 8, &needed));
    EXPECT_BUSY(sslact_trainer_get_role(trainer, SSLACT_TEACHER, &present));
    EXPECT_BUSY(sslact_trainer_copy_model(trainer, SSLACT_STUDENT, model.out()));
    EXPECT_BUSY(sslact_run_load_checkpoint(run, trainer));
    EXPECT_BUSY(sslact_run_write_step(run, trainer, &step));
    EXPECT_BUSY(sslact_run_save_checkpoint(run, trainer));
    EXPECT_BUSY(sslact_run_write_end(run, trainer));
    EXPECT_FALSE(std::filesystem::exists(path));

    EXPECT_EQ(inside.leave(), SSLACT_OK);
    EXPECT_EQ(iterations_done(trainer), 1);
}

TEST(Busy, TrainerRefusesToStepWhileItEvaluates)
{
    Gate gate;
    const Config config = tiny_config();
    const Trainer trainer = make_trainer(config);
    const Dataset dataset = labelled_clips();
    Report report;
    Sample sample;
    sslact_evaluate_options options;
    SSLACT_INIT(options);
    options.progress = wait_in_progress;
    options.progress_user = &gate;

    Inside inside(gate, [&] {
        return sslact_trainer_evaluate(trainer, SSLACT_STUDENT, dataset, &options, report.out());
    });

    EXPECT_BUSY(sslact_trainer_step(trainer, nullptr));
    EXPECT_BUSY(sslact_dataset_read(dataset, 0, sample.out()));
    EXPECT_EQ(inside.leave(), SSLACT_OK);
    EXPECT_EQ(sslact_trainer_step(trainer, nullptr), SSLACT_OK);
}

TEST(Busy, DatasetRefusesEveryFunctionWhileItReads)
{
    WaitingStore store;
    const Config config = tiny_config({{"ssl.preset", "baseline"}});
    const Dataset dataset = store.open(), other = labelled_clips();
    const Trainer trainer = make_trainer(config);
    Model model;
    ASSERT_DONE_WELL(sslact_model_create(config, model.out()));
    Sample sample, second;
    Trainer made;
    Report report;
    size_t count = 0, needed = 0;
    int32_t classes = 0;
    int64_t counts[class_count];

    store.armed = true;
    Inside inside(store.gate, [&] { return sslact_dataset_read(dataset, 0, sample.out()); });

    EXPECT_BUSY(sslact_dataset_append(dataset, &store.clip.view));
    EXPECT_BUSY(sslact_dataset_count_clips(dataset, &count));
    EXPECT_BUSY(sslact_dataset_count_classes(dataset, &classes));
    EXPECT_BUSY(sslact_dataset_count_labels(dataset, counts, class_count, &needed));
    EXPECT_BUSY(sslact_dataset_read(dataset, 1, second.out()));
    EXPECT_BUSY(sslact_dataset_find_clip(dataset, "clip 0", 0, &count));
    EXPECT_BUSY(sslact_dataset_draw_sheet(dataset, config, nullptr, 1, nullptr, "never.png"));
    EXPECT_BUSY(sslact_trainer_create(config, dataset, nullptr, made.out()));
    EXPECT_BUSY(sslact_trainer_create(config, other, dataset, made.out()));
    EXPECT_BUSY(sslact_trainer_evaluate(trainer, SSLACT_STUDENT, dataset, nullptr, report.out()));
    EXPECT_BUSY(sslact_model_evaluate(model, dataset, nullptr, report.out()));
    EXPECT_STREQ(sslact_error_get_message(), "another thread is using this dataset");
    // A name never changes while the handle lives.
    EXPECT_STREQ(sslact_dataset_get_class_name(dataset, 0), "class 0");

    EXPECT_EQ(inside.leave(), SSLACT_OK);
    EXPECT_EQ(sslact_dataset_count_clips(dataset, &count), SSLACT_OK);
}

TEST(Busy, ModelIsSharedByReadersAndRefusesLoad)
{
    Gate gate;
    const Config config = tiny_config();
    const Dataset dataset = labelled_clips();
    const TemporaryFolder folder;
    const std::string path = folder / "model.safetensors";
    Model model;
    ASSERT_DONE_WELL(sslact_model_create(config, model.out()));
    Report report;
    sslact_evaluate_options options;
    SSLACT_INIT(options);
    options.progress = wait_in_progress;
    options.progress_user = &gate;
    int32_t classes = 0;
    int64_t parameters = 0;
    size_t needed = 0;
    const Clip clip(1);
    const sslact_clip *clips[1] = {&clip.view};
    float scores[6];

    Inside inside(gate,
                  [&] { return sslact_model_evaluate(model, dataset, &options, report.out()); });

    EXPECT_EQ(sslact_model_count_classes(model, &classes), SSLACT_OK);
    EXPECT_EQ(sslact_model_count_parameters(model, &parameters), SSLACT_OK);
    EXPECT_EQ(sslact_model_predict(model, clips, 1, nullptr, scores, 6, &needed), SSLACT_OK);
    EXPECT_EQ(sslact_model_save(model, path.c_str()), SSLACT_OK);
    EXPECT_BUSY(sslact_model_load(model, path.c_str()));
    EXPECT_EQ(inside.leave(), SSLACT_OK);
    EXPECT_EQ(sslact_model_load(model, path.c_str()), SSLACT_OK);
}

int wait_in_problem(const sslact_problem *, void *user)
{
    static_cast<Gate *>(user)->pass();
    return 0;
}

TEST(Busy, ConfigIsSharedByReadersAndRefusesChanges)
{
    Gate gate;
    const TemporaryFolder folder;
    const std::string file = folder / "config.yaml";
    put_file(file, "run:\n  seed: 1\n");
    put_file(folder / "labels.csv", "no row at all\n");
    put_file(folder / "actions.pbtxt", "item { name: \"stand\" id: 1 }\n");
    const Config config = tiny_config({{"data.train.labels", folder / "labels.csv"},
                                       {"data.actions", folder / "actions.pbtxt"},
                                       {"data.video_root", folder.path()}});
    sslact_check_options options;
    SSLACT_INIT(options);
    options.problem = wait_in_problem;
    options.problem_user = &gate;
    sslact_check_summary summary;
    SSLACT_INIT(summary);
    char value[64];
    size_t needed = 0;
    Config copy;

    Inside inside(gate, [&] { return sslact_dataset_check(config, &options, &summary); });

    EXPECT_BUSY(sslact_config_set(config, "run.seed", "2"));
    EXPECT_BUSY(sslact_config_load(config, file.c_str()));
    EXPECT_BUSY(sslact_config_parse(config, "run:\n  seed: 2\n", "text"));
    EXPECT_EQ(sslact_config_get(config, "run.seed", value, sizeof value, &needed), SSLACT_OK);
    EXPECT_EQ(sslact_config_render(config, nullptr, 0, &needed), SSLACT_OK);
    EXPECT_EQ(sslact_config_validate(config), SSLACT_OK);
    EXPECT_EQ(sslact_config_copy(config, copy.out()), SSLACT_OK);
    EXPECT_STREQ(value, "0");
    inside.leave();
    EXPECT_EQ(sslact_config_set(config, "run.seed", "2"), SSLACT_OK);
}

int wait_in_frame(const sslact_frame *, void *user)
{
    static_cast<Gate *>(user)->pass();
    return 0;
}

TEST(Busy, VideoRefusesEveryFunctionWhileItDecodes)
{
    Gate gate;
    const TemporaryFolder folder;
    const uint8_t pixels[4 * 4 * 3] = {};
    ASSERT_DONE_WELL(sslact_video_save_png((folder / "1.png").c_str(), pixels, 4, 4));
    Video video;
    ASSERT_DONE_WELL(sslact_video_open(folder.path().c_str(), video.out()));
    const int64_t frames[1] = {0};
    int64_t found[4];
    size_t needed = 0;
    sslact_video_info info;
    SSLACT_INIT(info);

    Inside inside(
        gate, [&] { return sslact_video_read_frames(video, frames, 1, 0, wait_in_frame, &gate); });

    EXPECT_BUSY(sslact_video_describe(video, &info));
    EXPECT_BUSY(sslact_video_find_frames(video, 0.0, 4, 0.1, 0, found, 4, &needed));
    EXPECT_BUSY(sslact_video_read_frames(video, frames, 1, 0, wait_in_frame, &gate));
    EXPECT_EQ(inside.leave(), SSLACT_OK);
    EXPECT_EQ(sslact_video_describe(video, &info), SSLACT_OK);
}

void wait_in_log(sslact_log_level, const char *, const char *, void *user)
{
    static_cast<Gate *>(user)->pass();
}

// A damaged checkpoint is reported in the log while both handles are taken.
TEST(Busy, RunRefusesEveryFunctionWhileItLoads)
{
    Gate gate;
    const Config config = tiny_config();
    const Trainer trainer = make_trainer(config);
    const Dataset dataset = labelled_clips();
    const TemporaryFolder folder;
    RunFolder run;
    Report report;
    ASSERT_DONE_WELL(sslact_run_open(config, (folder / "run").c_str(), nullptr, run.out()));
    ASSERT_DONE_WELL(
        sslact_trainer_evaluate(trainer, SSLACT_STUDENT, dataset, nullptr, report.out()));
    put_file(folder / "run/checkpoints/000003.safetensors", "damaged");
    sslact_step_report step;
    SSLACT_INIT(step);
    char text[256];
    size_t needed = 0;
    ASSERT_DONE_WELL(sslact_runtime_set_log(wait_in_log, SSLACT_LOG_WARNING, &gate));

    Inside inside(gate, [&] { return sslact_run_load_checkpoint(run, trainer); });

    const Trainer other = make_trainer(config);
    EXPECT_BUSY(sslact_run_load_checkpoint(run, other));
    EXPECT_STREQ(sslact_error_get_message(), "another thread is using this run");
    EXPECT_BUSY(sslact_run_write_step(run, other, &step));
    EXPECT_BUSY(sslact_run_save_checkpoint(run, other));
    EXPECT_BUSY(
        sslact_run_get_detections_path(run, "validation", SSLACT_STUDENT, text, 256, &needed));
    EXPECT_BUSY(sslact_run_write_report(run, report));
    EXPECT_BUSY(sslact_run_write_end(run, other));
    EXPECT_BUSY(sslact_run_write_failure(run, 1));
    EXPECT_BUSY(sslact_run_render(run));
    EXPECT_BUSY(sslact_run_get_path(run, "config", text, 256, &needed));
    EXPECT_BUSY(sslact_trainer_step(trainer, nullptr));
    EXPECT_EQ(inside.leave(), SSLACT_DONE);
    EXPECT_EQ(sslact_runtime_set_log(nullptr, SSLACT_LOG_WARNING, nullptr), SSLACT_OK);
}

// What "may call nothing of sslact" means where somebody tries: a status, no deadlock.
TEST(Busy, CallbackThatCallsBackGetsBusyAndTheCallGoesOn)
{
    struct State {
        Trainer trainer = make_trainer(tiny_config());
        sslact_status inner = SSLACT_OK;
    } state;
    const Dataset dataset = labelled_clips();
    Report report;
    sslact_evaluate_options options;
    SSLACT_INIT(options);
    options.progress_user = &state;
    options.progress = [](const sslact_progress *, void *user) {
        State &held = *static_cast<State *>(user);
        held.inner = sslact_trainer_step(held.trainer, nullptr);
        return 0;
    };

    EXPECT_EQ(
        sslact_trainer_evaluate(state.trainer, SSLACT_TEACHER, dataset, &options, report.out()),
        SSLACT_OK);

    EXPECT_EQ(state.inner, SSLACT_ERROR_BUSY);
    EXPECT_EQ(iterations_done(state.trainer), 0);
}

// The first calls of all threads meet a model that has prepared nothing yet.
void expect_same_bits_from_threads(const Settings &more)
{
    const Config config = tiny_config(more);
    Model model, alone;
    ASSERT_DONE_WELL(sslact_model_create(config, model.out()));
    ASSERT_DONE_WELL(sslact_model_create(config, alone.out()));
    constexpr size_t clip_total = 3, size = clip_total * 2 * class_count;
    const Clip first(1), second(2), third(3);
    const sslact_clip *clips[clip_total] = {&first.view, &second.view, &third.view};
    float expected[size] = {};
    size_t needed = 0;
    ASSERT_DONE_WELL(
        sslact_model_predict(alone, clips, clip_total, nullptr, expected, size, &needed));
    ASSERT_EQ(needed, size);

    std::atomic<int> different{0}, failed{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int round = 0; round < 5; ++round) {
                float scores[size] = {};
                size_t local = 0;
                failed += sslact_model_predict(model, clips, clip_total, nullptr, scores, size,
                                               &local) < 0;
                different += std::memcmp(scores, expected, sizeof expected) != 0;
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }

    EXPECT_EQ(failed, 0);
    EXPECT_EQ(different, 0);
}

TEST(Busy, PredictGivesTheSameBitsFromFourThreadsAsFromOne)
{
    expect_same_bits_from_threads({});
}

TEST(Busy, PredictWithActorRelationsGivesTheSameBitsFromFourThreadsAsFromOne)
{
    expect_same_bits_from_threads({{"model.preset", "acar_tiny"}});
}

} // namespace
