// What the tests of the C API share: holders of handles, a tiny config, clips of a few people.
#ifndef TESTS_CAPI_SUPPORT_H
#define TESTS_CAPI_SUPPORT_H

#include <condition_variable>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sslact/sslact.h"
#include "support/temporary.h"

namespace test
{

// ---- handles ----

template <typename T, void (*Free)(T *)> class Handle
{
public:
    Handle() = default;
    explicit Handle(T *handle) : handle_(handle) {}
    ~Handle() { Free(handle_); }
    Handle(Handle &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Handle &operator=(Handle &&other) noexcept
    {
        std::swap(handle_, other.handle_);
        return *this;
    }
    operator T *() const { return handle_; }
    // For an out argument; frees what was held.
    T **out()
    {
        reset();
        return &handle_;
    }
    void reset() { Free(std::exchange(handle_, nullptr)); }

private:
    T *handle_ = nullptr;
};

using Config = Handle<sslact_config, sslact_config_free>;
using Dataset = Handle<sslact_dataset, sslact_dataset_free>;
using Sample = Handle<sslact_sample, sslact_sample_free>;
using Model = Handle<sslact_model, sslact_model_free>;
using Trainer = Handle<sslact_trainer, sslact_trainer_free>;
using Report = Handle<sslact_report, sslact_report_free>;
using Video = Handle<sslact_video, sslact_video_free>;
using RunFolder = Handle<sslact_run, sslact_run_free>;

#define ASSERT_DONE_WELL(call) ASSERT_GE(call, SSLACT_OK) << sslact_error_get_message()
#define EXPECT_DONE_WELL(call) EXPECT_GE(call, SSLACT_OK) << sslact_error_get_message()

// The status, and a message that holds every one of the pieces.
inline void expect_failure(sslact_status status, sslact_status expected,
                           std::initializer_list<const char *> pieces)
{
    EXPECT_EQ(status, expected) << sslact_error_get_message();
    const std::string message = sslact_error_get_message();
    for (const char *piece : pieces) {
        EXPECT_NE(message.find(piece), std::string::npos) << message << "\nlacks " << piece;
    }
}

// ---- a network that trains in milliseconds ----

constexpr int32_t frame_count = 8, clip_height = 32, clip_width = 48, class_count = 3;

using Settings = std::vector<std::pair<std::string, std::string>>;

inline Config tiny_config(const Settings &more = {})
{
    Config config;
    EXPECT_DONE_WELL(sslact_config_create(config.out()));
    Settings all = {{"model.preset", "slowfast_tiny"},
                    {"model.class_count", "3"},
                    {"data.frame_count", "8"},
                    {"data.short_side", "0"},
                    {"solver.batch_labeled", "2"},
                    {"solver.batch_unlabeled", "2"},
                    {"solver.iterations", "8"},
                    {"solver.peak_lr", "0.1"},
                    {"run.threads", "1"},
                    {"run.loader_threads", "1"}};
    all.insert(all.end(), more.begin(), more.end());
    for (const auto &[key, value] : all) {
        EXPECT_DONE_WELL(sslact_config_set(config, key.c_str(), value.c_str()));
    }
    return config;
}

// ---- clips ----

// Noise, so that every clip differs from every other; two people with labels of their own.
class Clip
{
public:
    explicit Clip(uint32_t number, bool labelled = true, int32_t frames = frame_count,
                  int32_t height = clip_height, int32_t width = clip_width)
        : pixels_(static_cast<size_t>(frames) * height * width * 3),
          boxes_{{0.05f, 0.1f, 0.45f, 0.9f}, {0.5f, 0.2f, 0.95f, 0.95f}},
          name_("clip number " + std::to_string(number))
    {
        std::mt19937 generator(number);
        for (uint8_t &value : pixels_) {
            value = static_cast<uint8_t>(generator() >> 24);
        }
        for (size_t k = 0; k < 2 * static_cast<size_t>(class_count); ++k) {
            labels_.push_back((number + k) % 2 == 0);
        }
        SSLACT_INIT(view);
        view.pixels = pixels_.data();
        view.frame_count = frames;
        view.height = height;
        view.width = width;
        view.boxes = boxes_.data();
        view.box_count = 2;
        view.labels = labelled ? labels_.data() : nullptr;
        view.name = name_.c_str();
    }
    Clip(const Clip &) = delete;
    Clip &operator=(const Clip &) = delete;

    sslact_clip view;

private:
    std::vector<uint8_t> pixels_;
    std::vector<sslact_box> boxes_;
    std::vector<uint8_t> labels_;
    std::string name_;
};

inline Dataset make_dataset(uint32_t first, uint32_t count, bool labelled)
{
    Dataset dataset;
    EXPECT_DONE_WELL(sslact_dataset_create(class_count, nullptr, dataset.out()));
    for (uint32_t i = 0; i < count; ++i) {
        const Clip clip(first + i, labelled);
        EXPECT_DONE_WELL(sslact_dataset_append(dataset, &clip.view));
    }
    return dataset;
}

inline Dataset labelled_clips()
{
    return make_dataset(1, 5, true);
}

inline Dataset unlabelled_clips()
{
    return make_dataset(101, 5, false);
}

inline Trainer make_trainer(const Config &config)
{
    const Dataset labelled = labelled_clips(), unlabelled = unlabelled_clips();
    Trainer trainer;
    EXPECT_DONE_WELL(sslact_trainer_create(config, labelled, unlabelled, trainer.out()));
    return trainer;
}

// ---- taking steps ----

inline void step(sslact_trainer *trainer, int count = 1)
{
    for (int k = 0; k < count; ++k) {
        ASSERT_GE(sslact_trainer_step(trainer, nullptr), SSLACT_OK) << sslact_error_get_message();
    }
}

inline int64_t iterations_done(const sslact_trainer *trainer)
{
    int64_t done = -1, planned = -1;
    EXPECT_DONE_WELL(sslact_trainer_count_iterations(trainer, &done, &planned));
    return done;
}

// Everything the trainer would go on with, byte by byte. The digest of the header changes with any
// word in it, so it is blanked for those who replace words before they compare.
inline std::string state_of(const sslact_trainer *trainer)
{
    const TemporaryFolder folder;
    const std::string path = folder / "state.safetensors";
    EXPECT_DONE_WELL(sslact_trainer_save(trainer, path.c_str()));
    std::string state = get_file(path);
    const std::string word = "\"header_digest\":\"";
    const size_t at = state.find(word);
    EXPECT_NE(at, std::string::npos);
    return state.replace(at + word.size(), 16, 16, '0');
}

// ---- a program's own store, and a place where a thread waits ----

// A thread that is asked to stop here waits until the gate is opened.
class Gate
{
public:
    // In the thread that is held up.
    void pass()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        arrived_ = true;
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
    }
    // In the test: until a thread stands at the gate.
    void wait_for_arrival()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return arrived_; });
    }
    void open()
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool arrived_ = false, open_ = false;
};

} // namespace test

#endif
