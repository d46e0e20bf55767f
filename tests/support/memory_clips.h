// Small clips in memory, the data sets and configs of tests that need some, and their holders.
#ifndef TESTS_SUPPORT_MEMORY_CLIPS_H
#define TESTS_SUPPORT_MEMORY_CLIPS_H

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/config.h"
#include "data/batch.h"
#include "data/dataset.h"
#include "data/loader.h"

namespace test
{

struct Freer {
    void operator()(config *c) const { config_free(c); }
    void operator()(dataset *d) const { dataset_release(d); }
    void operator()(loader *l) const { loader_free(l); }
    void operator()(batch *b) const { batch_free(b); }
    void operator()(clip *c) const { clip_free(c); }
};
template <typename T> using Held = std::unique_ptr<T, Freer>;

inline void require(sslact_status status)
{
    if (status < 0) {
        throw std::runtime_error(sslact_error_get_message());
    }
}

using Values = std::map<std::string, std::string>;

// The defaults with `base` and then `values` over them. Presets are set first, so that they reset
// nothing that is asked for.
inline Held<config> make_config(const Values &base, const Values &values = {})
{
    Values all = base;
    for (const auto &[key, value] : values) {
        all[key] = value;
    }
    config *made = nullptr;
    require(config_create(&made));
    Held<config> held(made);
    for (const char *preset : {"model.preset", "ssl.preset"}) {
        if (all.count(preset) > 0) {
            require(config_set(made, preset, all[preset].c_str()));
            all.erase(preset);
        }
    }
    for (const auto &[key, value] : all) {
        require(config_set(made, key.c_str(), value.c_str()));
    }
    return held;
}

struct ClipShape {
    int32_t frames = 8, height = 32, width = 48;
    int32_t boxes = 1, classes = 3;
    bool labeled = true;
};

// A clip in the caller's memory; the number decides pixels, boxes and labels.
struct OwnClip {
    OwnClip(size_t number, const ClipShape &shape) : name("clip " + std::to_string(number))
    {
        pixels.resize(static_cast<size_t>(shape.frames) * shape.height * shape.width * 3);
        uint32_t state = static_cast<uint32_t>(number) * 7919u + 17u;
        for (uint8_t &value : pixels) {
            state = state * 1664525u + 1013904223u;
            value = static_cast<uint8_t>(state >> 24);
        }
        for (int32_t i = 0; i < shape.boxes; ++i) {
            const float x = 0.125f * static_cast<float>((number + i) % 4);
            boxes.push_back({x, 0.125f, x + 0.5f, 0.875f});
            for (int32_t j = 0; j < shape.classes; ++j) {
                labels.push_back((number + i) % (j + 2) == 0);
            }
        }
        SSLACT_INIT(view);
        view.pixels = pixels.data();
        view.frame_count = shape.frames;
        view.height = shape.height;
        view.width = shape.width;
        view.boxes = boxes.data();
        view.box_count = shape.boxes;
        view.labels = shape.labeled ? labels.data() : nullptr;
        view.name = name.c_str();
    }
    OwnClip(const OwnClip &) = delete;
    OwnClip &operator=(const OwnClip &) = delete;

    std::vector<uint8_t> pixels;
    std::vector<sslact_box> boxes;
    std::vector<uint8_t> labels;
    std::string name;
    sslact_clip view;
};

// One clip a shape, numbered from `first`.
inline Held<dataset> make_set(int32_t class_count, const std::vector<ClipShape> &shapes,
                              size_t first = 0)
{
    dataset *made = nullptr;
    require(dataset_create(class_count, nullptr, &made));
    Held<dataset> held(made);
    for (size_t i = 0; i < shapes.size(); ++i) {
        const OwnClip own(first + i, shapes[i]);
        require(dataset_append(made, &own.view));
    }
    return held;
}

} // namespace test

#endif
