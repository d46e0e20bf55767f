// What more than one object of the C API does.

#include "capi_shared.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "handles.h"

#include "base/text.h"
#include "data/loader.h"
#include "eval/evaluate.h"
#include "plugin/cuda_library.h"
#include "report/detections.h"

namespace sslact
{
namespace
{

struct DetectionFileDiscarder {
    void operator()(detection_file *file) const { detection_file_discard(file); }
};

// Every score of every box as one row, in data set order.
void write_detections(const Evaluation &evaluation, dataset *data, const char *path)
{
    detection_file *opened = nullptr;
    check(detection_file_open(
        path, dataset_counts_frames(data) ? DETECTION_UCF101_24 : DETECTION_AVA, &opened));
    std::unique_ptr<detection_file, DetectionFileDiscarder> file(opened);
    const int32_t class_count = dataset_count_classes(data);
    for (const ScoredClip &scored : evaluation.clips) {
        const char *video_id = nullptr;
        double timestamp = 0;
        check(dataset_locate(data, scored.clip, &video_id, &timestamp));
        for (size_t i = 0; i < scored.boxes.size(); ++i) {
            const sslact_box &box = scored.boxes[i];
            for (int32_t j = 0; j < class_count; ++j) {
                const detection_row row = {video_id,
                                           timestamp,
                                           box.x1,
                                           box.y1,
                                           box.x2,
                                           box.y2,
                                           dataset_get_class_id(data, j),
                                           scored.scores[i * class_count + j]};
                check(detection_file_write(file.get(), &row));
            }
        }
    }
    check(detection_file_commit(file.release()));
}

struct ClassList {
    std::vector<const char *> names;
    std::vector<int64_t> ids;
};

ClassList list_classes(dataset *data)
{
    ClassList list;
    for (int32_t j = 0; j < dataset_count_classes(data); ++j) {
        list.names.push_back(dataset_get_class_name(data, j));
        list.ids.push_back(dataset_get_class_id(data, j));
    }
    return list;
}

// The caller's progress callback, and a stop that was requested meanwhile.
std::function<bool(int64_t, int64_t)> wrap_progress(const sslact_evaluate_options &options,
                                                    const std::function<bool()> &stop)
{
    return [&options, stop](int64_t done, int64_t total) {
        if (stop && stop()) {
            return true;
        }
        if (options.progress == nullptr) {
            return false;
        }
        sslact_progress progress;
        SSLACT_INIT(progress);
        progress.phase = "evaluate";
        progress.done = done;
        progress.total = total;
        return options.progress(&progress, options.progress_user) != 0;
    };
}

} // namespace

ClipArguments::ClipArguments(const sslact_clip *const *clips, size_t count, const char *name)
{
    if (count > 0) {
        need(clips, name);
    }
    clips_.reserve(count);
    for (size_t i = 0; i < count; ++i) {
        const std::string place = std::string(name) + "[" + std::to_string(i) + "]";
        clips_.push_back(read_struct(clips[i], place.c_str()));
    }
    for (const sslact_clip &held : clips_) {
        pointers_.push_back(&held);
    }
}

void use_configured_threads(const config *settings)
{
    const int64_t threads = config_get_int(settings, "run.threads");
    if (threads > 0) {
        at::set_num_threads(static_cast<int>(threads));
    }
}

at::Device open_run_device(const config *settings)
{
    const std::string name = config_get_text(settings, "run.device");
    const std::string prefix = "cuda:";
    if (name.compare(0, prefix.size(), prefix) != 0) {
        return at::kCPU;
    }
    int64_t index = 0;
    const bool is_number =
        text_parse_int64(name.data() + prefix.size(), name.size() - prefix.size(), &index);
    // A number that no machine has is refused by the library, in its own words.
    const auto asked = static_cast<int32_t>(is_number && index < INT32_MAX ? index : INT32_MAX);
    cuda_library_open(asked);
    return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(asked));
}

void copy_weights(const Detector &source, Detector &target)
{
    const c10::AutoGradMode no_gradient(false);
    const NamedArrays from = named_arrays(source);
    NamedArrays to = named_arrays(target);
    for (size_t i = 0; i < from.size(); ++i) {
        to[i].second.copy_(from[i].second);
    }
}

namespace
{

// The round of several schedules that weights of this iteration come from; 0 where there is one.
int64_t find_round(const config *settings, int64_t iteration)
{
    const int64_t rounds = config_get_int(settings, "ssl.rounds");
    if (rounds < 2 || iteration < 1) {
        return 0;
    }
    return std::min(rounds, (iteration - 1) / config_get_int(settings, "solver.iterations") + 1);
}

} // namespace

sslact_status evaluate_to_report(Detector &network, const config *settings, dataset *data,
                                 const sslact_evaluate_options &options, const std::string &role,
                                 const std::string &split, int64_t iteration,
                                 const int64_t *train_counts, const std::function<bool()> &stop,
                                 sslact_report **out)
{
    if (options.max_clips < 0) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT, "options.max_clips is " +
                                                       std::to_string(options.max_clips) +
                                                       ", 0 (all) or more is accepted");
    }
    EvaluateSettings wanted;
    wanted.max_clips = options.max_clips;
    wanted.loader_threads = loader_choose_threads(settings);
    wanted.seed = static_cast<uint64_t>(config_get_int(settings, "run.seed"));
    wanted.row_limit = config_get_int(settings, "evaluate.row_limit");
    wanted.progress = wrap_progress(options, stop);

    Evaluation evaluation = evaluate_network(network, data, wanted);
    if (options.detections_path != nullptr) {
        write_detections(evaluation, data, options.detections_path);
    }
    const ClassList classes = list_classes(data);
    evaluation_facts facts = {};
    facts.role = role.c_str();
    facts.split = split.c_str();
    // UCF101-24: only frames with annotation are key frames.
    facts.rule =
        dataset_counts_frames(data) ? "annotated" : config_get_text(settings, "evaluate.rule");
    facts.cache = dataset_get_cache(data, DATASET_EVALUATES);
    facts.row_limit = wanted.row_limit;
    facts.iteration = iteration;
    facts.round = find_round(settings, iteration);
    facts.clips = static_cast<int64_t>(evaluation.clips.size());
    facts.boxes = evaluation.box_count;
    facts.seconds = evaluation.seconds;
    facts.class_names = classes.names.data();
    facts.class_ids = classes.ids.data();
    facts.training_counts = train_counts;
    facts.chance = evaluation.chance.get();
    auto handle = std::make_unique<sslact_report>();
    evaluation_report *made = nullptr;
    check(evaluation_report_create(evaluation.map.get(), &facts, &made));
    evaluation.map.release(); // taken over
    handle->inner.reset(made);
    *out = handle.release();
    return SSLACT_OK;
}

} // namespace sslact
