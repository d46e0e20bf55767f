// sslact_model_*: one network.

#include <cmath>

#include "capi_shared.h"
#include "handles.h"

#include "eval/evaluate.h"
#include "media/image.h"
#include "nn/arrays.h"
#include "plugin/cuda_library.h"

using namespace sslact;

namespace
{

// Clips as the network wants them: the caller's pixels, resized where data.short_side asks for
// another size, without the boxes below min_box_score.
class PreparedClips
{
public:
    PreparedClips(const ClipArguments &clips, const config *settings, float min_box_score)
    {
        const int32_t class_count =
            static_cast<int32_t>(config_get_int(settings, "model.class_count"));
        const int32_t frame_count =
            static_cast<int32_t>(config_get_int(settings, "data.frame_count"));
        const int32_t short_side =
            static_cast<int32_t>(config_get_int(settings, "data.short_side"));
        for (size_t n = 0; n < clips.size(); ++n) {
            const std::string place = "clips[" + std::to_string(n) + "]";
            clip *imported = nullptr;
            check(clip_import(clips.data()[n], class_count, place.c_str(), &imported));
            owned_.emplace_back(imported);
            if (imported->frame_count != frame_count) {
                throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                            place + ": " + std::to_string(imported->frame_count) +
                                " frames, the model takes " + std::to_string(frame_count) +
                                " (data.frame_count)");
            }
            drop_weak_boxes(*imported, min_box_score);
            if (short_side > 0 && std::min(imported->height, imported->width) != short_side) {
                resize(short_side);
            }
            pointers_.push_back(owned_.back().get());
        }
    }
    const std::vector<const clip *> &pointers() const { return pointers_; }

private:
    static void drop_weak_boxes(clip &c, float min_box_score)
    {
        int32_t kept = 0;
        for (int32_t i = 0; i < c.box_count; ++i) {
            if (c.box_scores[i] >= min_box_score) {
                c.boxes[kept] = c.boxes[i];
                c.box_scores[kept++] = c.box_scores[i];
            }
        }
        c.box_count = kept;
    }

    void resize(int32_t short_side)
    {
        const clip &source = *owned_.back();
        const double scale =
            static_cast<double>(short_side) / std::min(source.height, source.width);
        const int32_t height = source.height <= source.width
                                   ? short_side
                                   : static_cast<int32_t>(source.height * scale);
        const int32_t width =
            source.height <= source.width ? static_cast<int32_t>(source.width * scale) : short_side;
        clip *resized = nullptr;
        check(clip_create(source.frame_count, height, width, source.box_count, source.class_count,
                          0, &resized));
        ClipHandle holder(resized);
        for (int32_t t = 0; t < source.frame_count; ++t) {
            check(image_resize(
                source.pixels + static_cast<size_t>(t) * source.height * source.width * 3,
                source.width, source.height, static_cast<int64_t>(source.width) * 3,
                resized->pixels + static_cast<size_t>(t) * height * width * 3, width, height));
        }
        std::copy_n(source.boxes, source.box_count, resized->boxes);
        owned_.back() = std::move(holder);
    }

    std::vector<ClipHandle> owned_;
    std::vector<const clip *> pointers_;
};

} // namespace

namespace
{

at::Device device_of(const Detector &network)
{
    return network.parameters().front().device();
}

// A network stays where run.device put it; a caller who names a device must name that one.
void check_device(sslact_device given, const Detector &network)
{
    if (given.type == 0) {
        return;
    }
    if (given.type != SSLACT_CPU && given.type != SSLACT_CUDA) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT, "options.device.type is " +
                                                       std::to_string(given.type) +
                                                       ", SSLACT_CPU or SSLACT_CUDA is accepted");
    }
    if (given.type == SSLACT_CUDA) {
        cuda_library_open(given.index);
    }
    const at::Device asked = given.type == SSLACT_CPU
                                 ? at::Device(at::kCPU)
                                 : at::Device(at::kCUDA, static_cast<at::DeviceIndex>(given.index));
    const at::Device device = device_of(network);
    if (asked != device) {
        throw Error(SSLACT_ERROR_UNSUPPORTED, "options.device is " + asked.str() +
                                                  ", the model is on " + device.str() +
                                                  " (run.device)");
    }
}

} // namespace

sslact_status sslact_model_create(const sslact_config *config_handle, sslact_model **out)
{
    return guard_shared(config_handle, "config", [&](const sslact_config &settings) {
        need(out, "out");
        check(config_validate(settings.inner.get()));
        mark_tensor_use();
        const at::Device device = open_run_device(settings.inner.get());
        use_configured_threads(settings.inner.get());
        auto handle = std::make_unique<sslact_model>();
        config *copy = nullptr;
        check(config_copy(settings.inner.get(), &copy));
        handle->settings.reset(copy);
        handle->network = std::make_shared<Detector>(read_network_options(copy));
        initialise(*handle->network, static_cast<uint64_t>(config_get_int(copy, "run.seed")));
        const std::string weights = config_get_text(copy, "model.weights");
        if (!weights.empty()) {
            load_best_weights(*handle->network, weights,
                              config_get_bool(copy, "model.weights_strict"));
        }
        if (!device.is_cpu()) {
            handle->network->to(device);
        }
        handle->network->eval();
        handle->network->hold_folded_weights();
        *out = handle.release();
        return SSLACT_OK;
    });
}

sslact_status sslact_model_load(sslact_model *model, const char *path)
{
    return guard_exclusive(model, "model", [&](sslact_model &handle) {
        need(path, "path");
        // Into a fresh network first, so that a failure leaves the old weights.
        auto fresh = std::make_shared<Detector>(handle.network->options());
        load_all_weights(*fresh, path);
        if (const at::Device device = device_of(*handle.network); !device.is_cpu()) {
            fresh->to(device);
        }
        fresh->eval();
        fresh->hold_folded_weights();
        handle.network = std::move(fresh);
        return SSLACT_OK;
    });
}

sslact_status sslact_model_save(const sslact_model *model, const char *path)
{
    return guard_shared(model, "model", [&](const sslact_model &handle) {
        need(path, "path");
        save_weights(*handle.network, handle.settings.get(), path);
        return SSLACT_OK;
    });
}

sslact_status sslact_model_count_classes(const sslact_model *model, int32_t *count)
{
    return guard_shared(model, "model", [&](const sslact_model &handle) {
        *need(count, "count") = static_cast<int32_t>(handle.network->options().class_count);
        return SSLACT_OK;
    });
}

sslact_status sslact_model_count_parameters(const sslact_model *model, int64_t *count)
{
    return guard_shared(model, "model", [&](const sslact_model &handle) {
        need(count, "count");
        int64_t total = 0;
        for (const at::Tensor &parameter : handle.network->parameters()) {
            total += parameter.numel();
        }
        *count = total;
        return SSLACT_OK;
    });
}

sslact_status sslact_model_predict(const sslact_model *model, const sslact_clip *const *clips,
                                   size_t clip_count, const sslact_predict_options *options,
                                   float *scores, size_t capacity, size_t *needed)
{
    return guard_shared(model, "model", [&](const sslact_model &handle) {
        need(needed, "needed");
        const sslact_predict_options given = read_options(options, "options");
        check_device(given.device, *handle.network);
        if (!std::isfinite(given.min_box_score)) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "options.min_box_score is not a finite number");
        }
        const ClipArguments arguments(clips, clip_count, "clips");
        const PreparedClips prepared(arguments, handle.settings.get(), given.min_box_score);
        int64_t rows = 0;
        for (const clip *source : prepared.pointers()) {
            rows += source->box_count;
        }
        const size_t size = static_cast<size_t>(rows * handle.network->options().class_count);
        if (scores == nullptr || capacity < size) {
            return hand_out_array<float>(nullptr, size, scores, capacity, needed);
        }
        const at::Tensor result = score_clips(*handle.network, prepared.pointers());
        return hand_out_array(result.const_data_ptr<float>(), size, scores, capacity, needed);
    });
}

sslact_status sslact_model_evaluate(const sslact_model *model, sslact_dataset *dataset_handle,
                                    const sslact_evaluate_options *options, sslact_report **out)
{
    return guard_shared(model, "model", [&](const sslact_model &handle) {
        need(out, "out");
        const SharedUse data(dataset_handle, "dataset");
        return evaluate_to_report(*handle.network, handle.settings.get(),
                                  dataset_handle->inner.get(), read_options(options, "options"),
                                  "model", dataset_get_split(dataset_handle->inner.get()), -1,
                                  nullptr, nullptr, out);
    });
}

void sslact_model_free(sslact_model *model)
{
    free_handle(model);
}
