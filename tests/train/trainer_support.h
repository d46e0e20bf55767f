// Trainers of a tiny network on clips in memory, and copies of all that they keep.
#ifndef TESTS_TRAIN_TRAINER_SUPPORT_H
#define TESTS_TRAIN_TRAINER_SUPPORT_H

#include "train/trainer.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <cstring>
#include <map>
#include <string>

#include "base/error.hpp"
#include "nn/arrays.h"
#include "support/memory_clips.h"
#include "support/temporary.h"

namespace test
{

constexpr int32_t class_count = 3;

// Dropout is off, so that a forward can be repeated by hand; tests that want it set it.
inline Held<config> make_training_config(const Values &values = {})
{
    return make_config({{"model.preset", "slowfast_tiny"},
                        {"model.class_count", std::to_string(class_count)},
                        {"model.head_dropout", "0"},
                        {"data.frame_count", "8"},
                        {"solver.batch_labeled", "2"},
                        {"solver.batch_unlabeled", "2"},
                        {"solver.iterations", "10"},
                        {"solver.peak_lr", "0.05"},
                        {"solver.weight_decay", "0.01"},
                        {"ssl.ema_momentum", "0.75"},
                        {"run.seed", "3"},
                        {"run.loader_threads", "1"}},
                       values);
}

inline Held<dataset> make_labeled(size_t count = 5, int32_t classes = class_count)
{
    ClipShape shape;
    shape.boxes = 2;
    shape.classes = classes;
    return make_set(classes, std::vector<ClipShape>(count, shape));
}

inline Held<dataset> make_unlabeled(size_t count = 4)
{
    ClipShape shape;
    shape.boxes = 3;
    shape.labeled = false;
    return make_set(class_count, std::vector<ClipShape>(count, shape), 100);
}

// A trainer with its data; the data sets are released before it is used.
inline std::unique_ptr<sslact::Trainer> make_trainer(const Values &values = {},
                                                     bool with_unlabeled = true)
{
    const Held<config> settings = make_training_config(values);
    const Held<dataset> labeled = make_labeled();
    const Held<dataset> unlabeled = with_unlabeled ? make_unlabeled() : nullptr;
    return std::make_unique<sslact::Trainer>(settings.get(), labeled.get(), unlabeled.get());
}

// Logits of the boxes of one clip, normalised and laid out here.
inline at::Tensor predict_clip(sslact::Detector &network, const clip &source)
{
    const at::Tensor bytes = at::from_blob(
        source.pixels, {source.frame_count, source.height, source.width, 3}, at::kByte);
    const at::Tensor frames =
        ((bytes.to(at::kFloat) / 255 - 0.45) / 0.225).permute({3, 0, 1, 2}).unsqueeze(0);
    at::Tensor rois = at::zeros({source.box_count, 5});
    for (int32_t i = 0; i < source.box_count; ++i) {
        const sslact_box &box = source.boxes[i];
        const float corners[4] = {box.x1, box.y1, box.x2, box.y2};
        for (int64_t c = 0; c < 4; ++c) {
            rois[i][c + 1] = corners[c];
        }
    }
    return network.forward(frames.contiguous(), rois);
}

using State = std::map<std::string, at::Tensor>;

// Every tensor a trainer keeps, by way of a checkpoint.
inline State copy_state(const sslact::Trainer &trainer)
{
    const TemporaryFolder folder;
    const std::string path = folder / "state.safetensors";
    trainer.save(path);
    const sslact::ArrayFile file(path);
    State state;
    const auto add = [&](const std::string &name, const at::Tensor &example) {
        state[name] = file.read_like(name, example.detach());
    };
    for (const auto &[name, array] : sslact::named_arrays(*trainer.student())) {
        add("student." + name, array);
        if (trainer.has_teacher()) {
            add("teacher." + name, array);
        }
    }
    for (const auto &item : trainer.student()->named_parameters()) {
        add("optimizer.momentum." + item.key(), item.value());
    }
    if (trainer.has_teacher()) {
        add("optimizer.momentum_thresholds", trainer.thresholds());
        add("ssl.thresholds", trainer.thresholds());
    }
    return state;
}

// Bit by bit, so that values that are not finite compare too.
inline bool same_bits(const at::Tensor &a, const at::Tensor &b)
{
    const at::Tensor x = a.contiguous(), y = b.contiguous();
    return x.sizes() == y.sizes() && x.scalar_type() == y.scalar_type() &&
           std::memcmp(x.const_data_ptr(), y.const_data_ptr(), x.nbytes()) == 0;
}

inline void expect_same(const State &a, const State &b)
{
    ASSERT_EQ(a.size(), b.size());
    for (const auto &[name, array] : a) {
        ASSERT_EQ(b.count(name), 1u) << name;
        EXPECT_TRUE(same_bits(array, b.at(name))) << name;
    }
}

inline bool is_statistic(const std::string &name)
{
    return name.find("running_") != std::string::npos;
}

inline bool is_counter(const std::string &name)
{
    return name.find("num_batches_tracked") != std::string::npos;
}

// The status of a step that must fail.
inline sslact_status step_to_failure(sslact::Trainer &trainer)
{
    try {
        trainer.step(nullptr);
    } catch (const sslact::Error &error) {
        return error.status();
    }
    return SSLACT_OK;
}

} // namespace test

#endif
