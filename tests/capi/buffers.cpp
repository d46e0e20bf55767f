// The rule for arrays and text that go out, the same for every function that has
// (buffer, capacity, needed).

#include <cstring>
#include <functional>

#include "capi_support.h"

namespace
{

using namespace test;

// call(buffer, capacity, needed); T is char for text.
template <typename T> using BufferCall = std::function<sslact_status(T *, size_t, size_t *)>;

template <typename T> void expect_buffer_rule(const char *name, const BufferCall<T> &call)
{
    SCOPED_TRACE(name);
    size_t needed = 0;
    EXPECT_EQ(call(nullptr, 0, &needed), SSLACT_OK) << sslact_error_get_message();
    ASSERT_GT(needed, 1u);

    std::vector<unsigned char> memory((needed + 1) * sizeof(T), 0x5a);
    const std::vector<unsigned char> untouched = memory;
    T *buffer = reinterpret_cast<T *>(memory.data());
    size_t again = 0;
    EXPECT_EQ(call(buffer, needed - 1, &again), SSLACT_ERROR_BUFFER_TOO_SMALL);
    EXPECT_EQ(again, needed) << "needed is set also when the buffer is too small";
    EXPECT_EQ(memory, untouched) << "nothing is written into a buffer that is too small";
    EXPECT_EQ(call(buffer, 0, &again), SSLACT_ERROR_BUFFER_TOO_SMALL);
    EXPECT_EQ(call(nullptr, needed, &again), SSLACT_ERROR_INVALID_ARGUMENT);

    EXPECT_EQ(call(buffer, needed, &again), SSLACT_OK) << sslact_error_get_message();
    EXPECT_EQ(again, needed);
    EXPECT_EQ(std::memcmp(memory.data() + needed * sizeof(T), untouched.data(), sizeof(T)), 0)
        << "written behind the end";
    if constexpr (std::is_same_v<T, char>) {
        EXPECT_EQ(std::strlen(buffer) + 1, needed) << "text counts its NUL";
    }
}

TEST(Buffers, FollowOneRuleEverywhere)
{
    const TemporaryFolder folder;
    const Config config = tiny_config();
    const Dataset dataset = labelled_clips();
    const Trainer trainer = make_trainer(config);
    Model model;
    Report report;
    RunFolder run;
    const Clip clip(1);
    const sslact_clip *clips[1] = {&clip.view};
    ASSERT_DONE_WELL(sslact_model_create(config, model.out()));
    ASSERT_DONE_WELL(sslact_model_evaluate(model, dataset, nullptr, report.out()));
    ASSERT_DONE_WELL(sslact_run_open(config, (folder / "run").c_str(), nullptr, run.out()));
    ASSERT_DONE_WELL(sslact_run_save_checkpoint(run, trainer));

    expect_buffer_rule<char>("config_get", [&](char *buffer, size_t capacity, size_t *needed) {
        return sslact_config_get(config, "model.preset", buffer, capacity, needed);
    });
    expect_buffer_rule<char>("config_render", [&](char *buffer, size_t capacity, size_t *needed) {
        return sslact_config_render(config, buffer, capacity, needed);
    });
    for (const char *format : {"text", "json"}) {
        expect_buffer_rule<char>(format, [&](char *buffer, size_t capacity, size_t *needed) {
            return sslact_report_render(report, format, buffer, capacity, needed);
        });
    }
    for (const char *what : {"checkpoint", "report", "config", "metrics"}) {
        expect_buffer_rule<char>(what, [&](char *buffer, size_t capacity, size_t *needed) {
            return sslact_run_get_path(run, what, buffer, capacity, needed);
        });
    }
    expect_buffer_rule<char>("detections_path", [&](char *buffer, size_t capacity, size_t *needed) {
        return sslact_run_get_detections_path(run, "validation", SSLACT_TEACHER, buffer, capacity,
                                              needed);
    });
    expect_buffer_rule<int64_t>(
        "count_labels", [&](int64_t *buffer, size_t capacity, size_t *needed) {
            return sslact_dataset_count_labels(dataset, buffer, capacity, needed);
        });
    expect_buffer_rule<float>(
        "get_thresholds", [&](float *buffer, size_t capacity, size_t *needed) {
            return sslact_trainer_get_thresholds(trainer, buffer, capacity, needed);
        });
    expect_buffer_rule<float>("predict", [&](float *buffer, size_t capacity, size_t *needed) {
        return sslact_model_predict(model, clips, 1, nullptr, buffer, capacity, needed);
    });
}

TEST(Buffers, OfVideoFramesFollowTheRuleToo)
{
    const TemporaryFolder folder;
    const uint8_t pixels[4 * 4 * 3] = {};
    for (const char *name : {"1.png", "2.png", "3.png"}) {
        ASSERT_DONE_WELL(sslact_video_save_png((folder / name).c_str(), pixels, 4, 4));
    }
    Video video;
    ASSERT_DONE_WELL(sslact_video_open(folder.path().c_str(), video.out()));
    expect_buffer_rule<int64_t>(
        "find_frames", [&](int64_t *buffer, size_t capacity, size_t *needed) {
            return sslact_video_find_frames(video, 0.0, 5, 0.0, 1, buffer, capacity, needed);
        });
}

TEST(Buffers, ErrorCopyFollowsTheRuleAndKeepsTheMessage)
{
    Config config;
    ASSERT_DONE_WELL(sslact_config_create(config.out()));
    ASSERT_EQ(sslact_config_set(config, "no.key", "1"), SSLACT_ERROR_CONFIG);
    const std::string message = sslact_error_get_message();
    size_t needed = 0;
    std::vector<char> buffer(4096);

    EXPECT_EQ(sslact_error_copy(nullptr, 0, &needed), SSLACT_OK);
    EXPECT_EQ(needed, message.size() + 1);
    EXPECT_EQ(sslact_error_copy(buffer.data(), needed - 1, &needed), SSLACT_ERROR_BUFFER_TOO_SMALL);
    EXPECT_EQ(sslact_error_get_message(), message);
    EXPECT_EQ(sslact_error_copy(buffer.data(), needed, &needed), SSLACT_OK);
    EXPECT_EQ(buffer.data(), message);
    EXPECT_EQ(sslact_error_get_status(), SSLACT_ERROR_CONFIG);
}

} // namespace
