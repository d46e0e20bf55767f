// Messages, threads, processes: what every function promises about failing.

#include <cstring>
#include <functional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "capi_support.h"

namespace
{

using namespace test;

TEST(Errors, EveryStatusHasItsNameAndOthersHaveNone)
{
    EXPECT_STREQ(sslact_status_get_name(SSLACT_OK), "SSLACT_OK");
    EXPECT_STREQ(sslact_status_get_name(SSLACT_DONE), "SSLACT_DONE");
    EXPECT_STREQ(sslact_status_get_name(SSLACT_ERROR_IO), "SSLACT_ERROR_IO");
    EXPECT_STREQ(sslact_status_get_name(SSLACT_ERROR_FORKED), "SSLACT_ERROR_FORKED");
    for (int status = SSLACT_ERROR_FORKED; status <= SSLACT_DONE; ++status) {
        const std::string name = sslact_status_get_name(static_cast<sslact_status>(status));
        EXPECT_EQ(name.find("UNKNOWN"), std::string::npos) << status;
    }
    EXPECT_NE(std::string(sslact_status_get_name(static_cast<sslact_status>(77))).find("UNKNOWN"),
              std::string::npos);
}

TEST(Errors, MessageBelongsToTheThread)
{
    const Config config = tiny_config();
    ASSERT_EQ(sslact_config_set(config, "solver.peak_lrr", "1"), SSLACT_ERROR_CONFIG);
    const std::string mine = sslact_error_get_message();

    std::string before, theirs;
    sslact_status status_before = SSLACT_ERROR_IO;
    std::thread([&] {
        before = sslact_error_get_message();
        status_before = sslact_error_get_status();
        Video video;
        (void)!sslact_video_open("/nowhere.mp4", video.out());
        theirs = sslact_error_get_message();
    }).join();

    EXPECT_EQ(before, "");
    EXPECT_EQ(status_before, SSLACT_OK);
    EXPECT_NE(theirs.find("/nowhere.mp4"), std::string::npos);
    EXPECT_EQ(sslact_error_get_message(), mine);
    EXPECT_NE(mine.find("solver.peak_lr\""), std::string::npos) << mine;
}

TEST(Errors, SuccessLeavesTheMessageAlone)
{
    const Config config = tiny_config();
    ASSERT_EQ(sslact_config_set(config, "run.seed", "minus one"), SSLACT_ERROR_CONFIG);
    const std::string message = sslact_error_get_message();

    ASSERT_EQ(sslact_config_set(config, "run.seed", "1"), SSLACT_OK);

    EXPECT_EQ(sslact_error_get_message(), message);
}

TEST(Errors, MessagesAreOneLineInLowerCaseWithoutFullStop)
{
    const Config config = tiny_config();
    const Trainer trainer = make_trainer(config);
    Dataset dataset;
    Model model;
    Report report;
    Sample sample;
    const Dataset clips = labelled_clips();
    ASSERT_DONE_WELL(sslact_model_create(config, model.out()));
    const std::vector<std::function<sslact_status()>> failures = {
        [&] { return sslact_config_set(config, "no.such.key", "1"); },
        [&] { return sslact_config_set(config, "run.seed", "-1"); },
        [&] { return sslact_config_load(config, "/nowhere.yaml"); },
        [&] { return sslact_config_parse(config, "a: [", "text"); },
        [&] { return sslact_dataset_open(config, "train", dataset.out()); },
        [&] { return sslact_dataset_open(config, "holdout", dataset.out()); },
        [&] { return sslact_dataset_create(0, nullptr, dataset.out()); },
        [&] { return sslact_dataset_read(clips, 5, sample.out()); },
        [&] { return sslact_model_load(model, "/nowhere.safetensors"); },
        [&] { return sslact_model_save(model, "/nowhere/at/all"); },
        [&] { return sslact_trainer_load(trainer, "/nowhere.safetensors"); },
        [&] { return sslact_runtime_check(SSLACT_VERSION_NUMBER + 1); },
        [&] { return sslact_runtime_set_threads(0); },
        [&] { return sslact_trainer_create(nullptr, nullptr, nullptr, nullptr); },
    };
    for (size_t k = 0; k < failures.size(); ++k) {
        const sslact_status status = failures[k]();
        const std::string message = sslact_error_get_message();
        EXPECT_LT(status, 0) << k;
        EXPECT_EQ(sslact_error_get_status(), status) << k;
        ASSERT_FALSE(message.empty()) << k;
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        EXPECT_NE(message.back(), '.') << message;
        EXPECT_FALSE(std::isupper(static_cast<unsigned char>(message.front()))) << message;
        EXPECT_EQ(message.find("sslact_"), std::string::npos) << "names a function: " << message;
    }
}

TEST(Errors, FailedCreateLeavesTheOutArgumentAlone)
{
    const Config config = tiny_config({{"model.weights", "/nowhere.safetensors"}});
    sslact_model *const mark = reinterpret_cast<sslact_model *>(0x10);
    sslact_model *model = mark;
    EXPECT_EQ(sslact_model_create(config, &model), SSLACT_ERROR_NOT_FOUND);
    EXPECT_EQ(model, mark);

    sslact_trainer *const trainer_mark = reinterpret_cast<sslact_trainer *>(0x10);
    sslact_trainer *trainer = trainer_mark;
    const Dataset clips = labelled_clips();
    EXPECT_LT(sslact_trainer_create(config, clips, nullptr, &trainer), 0);
    EXPECT_EQ(trainer, trainer_mark);
}

TEST(Runtime, RefusesAProgramOfANewerHeaderAndTakesAnOlderOne)
{
    EXPECT_EQ(sslact_runtime_get_version(), SSLACT_VERSION_NUMBER);
    EXPECT_EQ(sslact_runtime_check(SSLACT_VERSION_NUMBER), SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(sslact_runtime_check(SSLACT_VERSION_NUMBER - 1), SSLACT_OK);
    expect_failure(sslact_runtime_check(SSLACT_VERSION_NUMBER + 1), SSLACT_ERROR_MISMATCH,
                   {"0.1.0", "0.1.1"});
    EXPECT_EQ(sslact_runtime_check(SSLACT_VERSION_NUMBER + 10000), SSLACT_ERROR_MISMATCH);
}

TEST(Runtime, DescribesTheProcessorAndNoOtherDevice)
{
    int32_t count = -1;
    EXPECT_EQ(sslact_runtime_count_devices(SSLACT_CPU, &count), SSLACT_OK);
    EXPECT_EQ(count, 1);
    EXPECT_EQ(sslact_runtime_count_devices(SSLACT_CUDA, &count), SSLACT_OK);
    EXPECT_GE(count, 0);
    EXPECT_EQ(sslact_runtime_count_devices(static_cast<sslact_device_type>(9), &count),
              SSLACT_ERROR_INVALID_ARGUMENT);

    sslact_device_info info;
    SSLACT_INIT(info);
    EXPECT_EQ(sslact_runtime_describe_device({SSLACT_CPU, 0}, &info), SSLACT_OK);
    EXPECT_NE(info.name[0], '\0');
    EXPECT_GT(info.memory_total_bytes, int64_t{1} << 20);
    EXPECT_EQ(info.usable_for_training, 1);
    EXPECT_EQ(sslact_runtime_describe_device({SSLACT_CPU, 1}, &info), SSLACT_ERROR_NOT_FOUND);
}

TEST(Tensor, ViewIsPackedAndChecked)
{
    float numbers[6];
    const int64_t shape[2] = {2, 3}, negative[2] = {2, -3}, huge[2] = {INT64_MAX, 3};
    sslact_tensor view;
    ASSERT_EQ(sslact_tensor_describe(numbers, SSLACT_FLOAT32, 2, shape, &view), SSLACT_OK);
    EXPECT_EQ(view.data, numbers);
    EXPECT_EQ(view.rank, 2);
    EXPECT_EQ(view.shape[1], 3);
    EXPECT_EQ(view.stride[0], 0); // all zero = packed
    EXPECT_EQ(view.device.type, SSLACT_CPU);

    EXPECT_EQ(sslact_tensor_describe(numbers, SSLACT_FLOAT32, 9, shape, &view),
              SSLACT_ERROR_INVALID_ARGUMENT);
    expect_failure(sslact_tensor_describe(numbers, SSLACT_FLOAT32, 2, negative, &view),
                   SSLACT_ERROR_INVALID_ARGUMENT, {"shape[1]", "-3"});
    EXPECT_EQ(sslact_tensor_describe(numbers, SSLACT_FLOAT32, 2, huge, &view),
              SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(sslact_tensor_describe(numbers, static_cast<sslact_dtype>(0), 2, shape, &view),
              SSLACT_ERROR_INVALID_ARGUMENT);
}

// ---- fork ----

// Runs work in a forked child; its answer, or -1 when it did not come to an end by itself.
int in_child(const std::function<int()> &work)
{
    const pid_t child = fork();
    if (child == 0) {
        alarm(20); // a hang is a failure, not a hanging test
        _exit(work());
    }
    int state = 0;
    waitpid(child, &state, 0);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

TEST(Fork, ChildOfAProcessThatHasTrainedIsRefusedAndDoesNotHang)
{
    const Config config = tiny_config({{"run.threads", "2"}, {"run.loader_threads", "2"}});
    Trainer trainer = make_trainer(config);
    Model model;
    step(trainer); // threads of torch and of the loader are there now
    ASSERT_DONE_WELL(sslact_model_create(config, model.out()));
    const Dataset dataset = labelled_clips();

    const int answer = in_child([&] {
        Report report;
        Config copy;
        size_t count = 0;
        int wrong = 0;
        wrong += sslact_trainer_step(trainer, nullptr) != SSLACT_ERROR_FORKED;
        wrong += std::strstr(sslact_error_get_message(), "exec") == nullptr;
        wrong +=
            sslact_model_evaluate(model, dataset, nullptr, report.out()) != SSLACT_ERROR_FORKED;
        wrong += sslact_config_copy(config, copy.out()) != SSLACT_ERROR_FORKED;
        wrong += sslact_dataset_count_clips(dataset, &count) != SSLACT_ERROR_FORKED;
        wrong += sslact_runtime_set_threads(1) != SSLACT_ERROR_FORKED;
        // Frees come back, although the threads to be joined are the parent's.
        trainer.reset();
        model.reset();
        return wrong;
    });

    EXPECT_EQ(answer, 0);
    step(trainer); // nothing changed for the parent
    EXPECT_EQ(iterations_done(trainer), 2);
}

} // namespace
