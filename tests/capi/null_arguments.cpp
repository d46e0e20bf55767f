// Every exported function with every pointer NULL, one at a time and all together: a status or
// nothing, never a crash. The list of functions is tests/abi/exports.txt.

#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <type_traits>

#include "capi_support.h"
#include "loss_support.h"

namespace
{

using namespace test;

// The places of arguments that may be NULL, from 0.
using Nullable = std::set<size_t>;

bool complains_of_null(sslact_status status)
{
    return status == SSLACT_ERROR_INVALID_ARGUMENT &&
           std::string(sslact_error_get_message()).find("NULL") != std::string::npos;
}

class Probe
{
public:
    // Good arguments of a function; each pointer among them is replaced by NULL in turn.
    template <typename... Args>
    void operator()(const char *name, sslact_status (*function)(Args...), const Nullable &nullable,
                    std::type_identity_t<Args>... good)
    {
        seen_.insert(name);
        std::tuple<std::remove_const_t<Args>...> arguments(good...);
        try_each(name, function, nullable, arguments, std::index_sequence_for<Args...>());
        const sslact_status all = function(std::remove_const_t<Args>{}...);
        EXPECT_LE(all, SSLACT_DONE) << name << " with nothing at all";
    }
    // A function that returns something else: it only has to come back.
    template <typename Result, typename... Args>
    void survives(const char *name, Result (*function)(Args...))
    {
        seen_.insert(name);
        (void)function(std::remove_const_t<Args>{}...);
    }
    const std::set<std::string> &seen() const { return seen_; }

private:
    template <typename Function, typename Tuple, size_t... Places>
    void try_each(const char *name, Function function, const Nullable &nullable, const Tuple &good,
                  std::index_sequence<Places...>)
    {
        (try_one<Places>(name, function, nullable, good), ...);
    }
    template <size_t Place, typename Function, typename Tuple>
    void try_one(const char *name, Function function, const Nullable &nullable, Tuple arguments)
    {
        if constexpr (std::is_pointer_v<std::tuple_element_t<Place, Tuple>>) {
            std::get<Place>(arguments) = nullptr;
            const sslact_status status = std::apply(function, arguments);
            EXPECT_EQ(complains_of_null(status), nullable.count(Place) == 0)
                << name << ", argument " << Place << " NULL: " << status << " "
                << sslact_error_get_message();
        }
    }

    std::set<std::string> seen_;
};

#define PROBE(function, ...) probe(#function, function, __VA_ARGS__)
#define SURVIVES(function) probe.survives(#function, function)

// Handles and buffers that every function below takes something of.
struct World {
    TemporaryFolder folder;
    Config config = tiny_config();
    Dataset labelled = labelled_clips(), unlabelled = unlabelled_clips();
    Trainer trainer;
    Model model;
    Report report;
    Sample sample;
    RunFolder run;
    Clip clip{1};
    const sslact_clip *clips[1] = {&clip.view};
    char text[16384] = {};
    float numbers[64] = {};
    int64_t integers[64] = {};
    size_t needed = 0, count = 0;
    int32_t small = 0, threads[2] = {};
    int64_t done = 0, planned = 0, parameters = 0;
    double metric = 0;

    World()
    {
        EXPECT_DONE_WELL(sslact_trainer_create(config, labelled, unlabelled, trainer.out()));
        EXPECT_DONE_WELL(sslact_model_create(config, model.out()));
        EXPECT_DONE_WELL(sslact_model_evaluate(model, labelled, nullptr, report.out()));
        EXPECT_DONE_WELL(sslact_dataset_read(labelled, 0, sample.out()));
        EXPECT_DONE_WELL(sslact_run_open(config, (folder / "run").c_str(), nullptr, run.out()));
        EXPECT_DONE_WELL(sslact_run_save_checkpoint(run, trainer));
    }
};

void probe_base_and_runtime(Probe &probe, World &w)
{
    const int64_t shape[2] = {2, 3};
    sslact_tensor tensor;
    sslact_device_info device;
    SSLACT_INIT(device);

    PROBE(sslact_tensor_describe, {}, w.text, SSLACT_UINT8, 2, shape, &tensor);
    SURVIVES(sslact_status_get_name);
    SURVIVES(sslact_error_get_message);
    SURVIVES(sslact_error_get_status);
    // Says nothing of itself: the message that it copies must stay.
    EXPECT_EQ(sslact_error_copy(w.text, sizeof w.text, nullptr), SSLACT_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(sslact_error_copy(nullptr, 5, &w.needed), SSLACT_ERROR_INVALID_ARGUMENT);
    SURVIVES(sslact_error_copy);

    SURVIVES(sslact_runtime_get_version);
    SURVIVES(sslact_runtime_check);
    SURVIVES(sslact_runtime_get_build_info);
    SURVIVES(sslact_runtime_set_threads);
    PROBE(sslact_runtime_count_devices, {}, SSLACT_CPU, &w.small);
    PROBE(sslact_runtime_describe_device, {}, sslact_device{SSLACT_CPU, 0}, &device);
    EXPECT_EQ(sslact_runtime_set_log(nullptr, SSLACT_LOG_WARNING, nullptr), SSLACT_OK);
    SURVIVES(sslact_runtime_set_log);
}

void probe_config(Probe &probe, World &w)
{
    const std::string file = w.folder / "config.yaml";
    put_file(file, "run:\n  seed: 3\n");
    sslact_config_key key;
    SSLACT_INIT(key);
    Config made;

    PROBE(sslact_config_create, {}, made.out());
    PROBE(sslact_config_copy, {}, w.config, made.out());
    PROBE(sslact_config_load, {}, w.config, file.c_str());
    PROBE(sslact_config_parse, {}, w.config, "run:\n  seed: 0\n", "text");
    PROBE(sslact_config_set, {}, w.config, "run.seed", "0");
    PROBE(sslact_config_get, {}, w.config, "run.seed", w.text, sizeof w.text, &w.needed);
    PROBE(sslact_config_count_threads, {}, w.config, &w.threads[0], &w.threads[1]);
    PROBE(sslact_config_validate, {}, w.config);
    PROBE(sslact_config_render, {}, w.config, w.text, sizeof w.text, &w.needed);
    PROBE(sslact_config_describe, {}, 0, &key);
    SURVIVES(sslact_config_free);
}

int never_read(size_t, sslact_clip *, void *)
{
    return SSLACT_ERROR_IO;
}

void probe_dataset(Probe &probe, World &w)
{
    Dataset made;
    Sample sample;
    sslact_clip_source source;
    SSLACT_INIT(source);
    source.clip_count = 1;
    source.class_count = class_count;
    source.read = never_read;
    sslact_check_summary summary;
    SSLACT_INIT(summary);
    sslact_clip described;
    SSLACT_INIT(described);
    const char *names[class_count] = {"stand", "walk", "wave"};

    PROBE(sslact_dataset_open, {}, w.config, "train", made.out());
    PROBE(sslact_dataset_create, {1}, class_count, names, made.out());
    PROBE(sslact_dataset_append, {}, w.labelled, &w.clip.view);
    PROBE(sslact_dataset_create_from_source, {}, &source, made.out());
    PROBE(sslact_dataset_count_clips, {}, w.labelled, &w.count);
    PROBE(sslact_dataset_count_classes, {}, w.labelled, &w.small);
    PROBE(sslact_dataset_count_labels, {}, w.labelled, w.integers, 64, &w.needed);
    PROBE(sslact_dataset_read, {}, w.labelled, 0, sample.out());
    const std::string sheet = w.folder / "sheet.png";
    const size_t first = 0;
    size_t found = 0;
    PROBE(sslact_dataset_find_clip, {}, w.labelled, "clip number 2", 0.0, &found);
    PROBE(sslact_dataset_draw_sheet, {2, 4}, w.labelled, w.config, &first, 1, nullptr,
          sheet.c_str());
    PROBE(sslact_dataset_check, {1}, w.config, nullptr, &summary);
    sslact_prepare_summary prepared;
    SSLACT_INIT(prepared);
    PROBE(sslact_dataset_prepare, {1}, w.config, nullptr, &prepared);
    PROBE(sslact_dataset_describe_cache, {}, w.config, "train", 0, w.text, sizeof w.text,
          &w.needed);
    SURVIVES(sslact_dataset_get_class_name);
    EXPECT_EQ(sslact_dataset_get_class_name(nullptr, 0), nullptr);
    SURVIVES(sslact_dataset_free);
    PROBE(sslact_sample_describe, {}, w.sample, &described);
    SURVIVES(sslact_sample_free);
}

void probe_model(Probe &probe, World &w)
{
    const std::string file = w.folder / "model.safetensors";
    ASSERT_DONE_WELL(sslact_model_save(w.model, file.c_str()));
    Model made;
    Report report;

    PROBE(sslact_model_create, {}, w.config, made.out());
    PROBE(sslact_model_load, {}, w.model, file.c_str());
    PROBE(sslact_model_save, {}, w.model, file.c_str());
    PROBE(sslact_model_count_classes, {}, w.model, &w.small);
    PROBE(sslact_model_count_parameters, {}, w.model, &w.parameters);
    PROBE(sslact_model_predict, {3}, w.model, w.clips, 1, nullptr, w.numbers, 64, &w.needed);
    PROBE(sslact_model_evaluate, {2}, w.model, w.labelled, nullptr, report.out());
    SURVIVES(sslact_model_free);
}

void probe_report(Probe &probe, World &w)
{
    const std::string file = w.folder / "report.json";
    sslact_class_result result;
    SSLACT_INIT(result);
    sslact_score_options score;
    SSLACT_INIT(score);
    const std::string data = SSLACT_TESTS_FOLDER "/metrics/data/s01_small/";
    const std::string detections = data + "detections.csv", labels = data + "groundtruth.csv";
    const std::string actions = data + "labelmap.pbtxt";
    score.detections_path = detections.c_str();
    score.labels_path = labels.c_str();
    score.actions_path = actions.c_str();
    Report scored;

    PROBE(sslact_report_get_metric, {}, w.report, "clips", &w.metric);
    PROBE(sslact_report_count_classes, {}, w.report, &w.small);
    PROBE(sslact_report_get_class, {}, w.report, 0, &result);
    PROBE(sslact_report_render, {}, w.report, "text", w.text, sizeof w.text, &w.needed);
    PROBE(sslact_report_save, {}, w.report, "json", file.c_str());
    PROBE(sslact_report_score, {}, &score, scored.out());
    SURVIVES(sslact_report_free);

    for (const char **member : {&score.detections_path, &score.labels_path, &score.actions_path}) {
        const char *kept = std::exchange(*member, nullptr);
        EXPECT_TRUE(complains_of_null(sslact_report_score(&score, scored.out())));
        *member = kept;
    }
}

void probe_trainer(Probe &probe, World &w)
{
    const std::string file = w.folder / "trainer.safetensors";
    ASSERT_DONE_WELL(sslact_trainer_save(w.trainer, file.c_str()));
    const Dataset hidden = make_dataset(101, 5, true); // the labels of w.unlabelled
    Trainer made;
    Report report;
    Model model;
    sslact_step_report step;
    SSLACT_INIT(step);
    sslact_batch batch;
    SSLACT_INIT(batch);
    batch.labeled = w.clips;
    batch.labeled_count = 1;

    PROBE(sslact_trainer_create, {2}, w.config, w.labelled, w.unlabelled, made.out());
    PROBE(sslact_trainer_step, {1}, w.trainer, &step);
    PROBE(sslact_trainer_step_batch, {2}, w.trainer, &batch, &step);
    PROBE(sslact_trainer_evaluate, {3}, w.trainer, SSLACT_STUDENT, w.labelled, nullptr,
          report.out());
    PROBE(sslact_trainer_save, {}, w.trainer, file.c_str());
    PROBE(sslact_trainer_load, {}, w.trainer, file.c_str());
    PROBE(sslact_trainer_count_iterations, {}, w.trainer, &w.done, &w.planned);
    PROBE(sslact_trainer_get_thresholds, {}, w.trainer, w.numbers, 64, &w.needed);
    PROBE(sslact_trainer_get_role, {}, w.trainer, SSLACT_TEACHER, &w.small);
    PROBE(sslact_trainer_copy_model, {}, w.trainer, SSLACT_STUDENT, model.out());
    sslact_monitor monitor;
    SSLACT_INIT(monitor);
    PROBE(sslact_trainer_read_monitor, {}, w.trainer, SSLACT_MONITOR_RUN, &monitor);
    PROBE(sslact_trainer_set_hidden_labels, {}, w.trainer, hidden);
    SURVIVES(sslact_trainer_request_stop);
    SURVIVES(sslact_trainer_free);

    batch.labeled = nullptr;
    EXPECT_TRUE(complains_of_null(sslact_trainer_step_batch(w.trainer, &batch, nullptr)));
    const sslact_clip *nothing[1] = {nullptr};
    batch.labeled = nothing;
    EXPECT_TRUE(complains_of_null(sslact_trainer_step_batch(w.trainer, &batch, nullptr)));
}

int take_frame(const sslact_frame *, void *)
{
    return 0;
}

void probe_video(Probe &probe, World &w)
{
    const std::string picture = w.folder / "pictures/000001.png";
    const uint8_t pixels[2 * 2 * 3] = {};
    const int64_t frames[1] = {0};
    std::filesystem::create_directory(w.folder / "pictures");
    Video video, made;
    sslact_video_info info;
    SSLACT_INIT(info);

    PROBE(sslact_video_save_png, {}, picture.c_str(), pixels, 2, 2);
    ASSERT_DONE_WELL(sslact_video_save_png(picture.c_str(), pixels, 2, 2));
    const std::string path = w.folder / "pictures";
    ASSERT_DONE_WELL(sslact_video_open(path.c_str(), video.out()));
    PROBE(sslact_video_open, {}, path.c_str(), made.out());
    PROBE(sslact_video_describe, {}, video, &info);
    PROBE(sslact_video_find_frames, {}, video, 0.0, 4, 0.1, 0, w.integers, 64, &w.needed);
    PROBE(sslact_video_read_frames, {5}, video, frames, 1, 1, take_frame, nullptr);
    SURVIVES(sslact_video_free);
}

void probe_run(Probe &probe, World &w)
{
    const std::string folder = w.folder / "other", page = w.folder / "page.html";
    const std::string full = w.folder.path();
    const std::string run_folder = w.folder / "run";
    const char *folders[1] = {run_folder.c_str()};
    RunFolder made;
    sslact_step_report step;
    SSLACT_INIT(step);
    step.iteration = 1;
    sslact_demo_summary summary;
    SSLACT_INIT(summary);
    sslact_demo_options demo;
    SSLACT_INIT(demo);

    PROBE(sslact_run_open, {2}, w.config, folder.c_str(), nullptr, made.out());
    PROBE(sslact_run_load_checkpoint, {}, w.run, w.trainer);
    PROBE(sslact_run_write_step, {}, w.run, w.trainer, &step);
    PROBE(sslact_run_save_checkpoint, {}, w.run, w.trainer);
    PROBE(sslact_run_get_detections_path, {}, w.run, "validation", SSLACT_STUDENT, w.text,
          sizeof w.text, &w.needed);
    PROBE(sslact_run_write_report, {}, w.run, w.report);
    PROBE(sslact_run_write_end, {}, w.run, w.trainer);
    PROBE(sslact_run_write_failure, {}, w.run, 1);
    PROBE(sslact_run_render, {}, w.run);
    PROBE(sslact_run_get_path, {}, w.run, "config", w.text, sizeof w.text, &w.needed);
    PROBE(sslact_run_compare, {1}, folders, nullptr, 1, page.c_str());
    SURVIVES(sslact_run_free);
    // A folder that is not empty: a call that gets past the pointers makes no world.
    PROBE(sslact_demo_create, {1, 2}, full.c_str(), &demo, &summary);
    // A file that is not there: the same.
    const std::string annotation = w.folder / "annotation.xml";
    const char *annotations[1] = {annotation.c_str()};
    sslact_import_options import;
    SSLACT_INIT(import);
    sslact_import_summary imported;
    SSLACT_INIT(imported);
    PROBE(sslact_dataset_import, {3, 4}, annotations, 1, folder.c_str(), &import, &imported);
    annotations[0] = nullptr;
    EXPECT_TRUE(complains_of_null(
        sslact_dataset_import(annotations, 1, folder.c_str(), &import, &imported)));
}

void probe_loss(Probe &probe, World &)
{
    Array<uint8_t> truth({2, 3}), mask({2});
    Array<int8_t> labels({2, 3});
    Array<int32_t> classes({2});
    Array<float> teacher({2, 3}), student({2, 3}), weight({2, 3}), other({2, 3});
    Array<float> upper({3}, std::vector<float>{0.5f, 0.5f, 0.5f}), lower({3}), slopes({3});
    const int64_t count[3] = {1, 2, 3};
    const double share[3] = {1, 1, 1};
    double loss = 0, penalty = 0;
    sslact_balance balance;
    SSLACT_INIT(balance);

    PROBE(sslact_loss_fit_balance, {1}, truth, nullptr, &balance);
    PROBE(sslact_loss_assign_labels, {3}, teacher, upper, lower, nullptr, labels);
    PROBE(sslact_loss_weigh_labels, {3}, teacher, labels, upper, nullptr, weight, other);
    PROBE(sslact_loss_assign_classes, {2}, truth, count, nullptr, classes);
    PROBE(sslact_loss_sample_boxes, {5}, classes, share, 1, 2, SSLACT_HALF_LABELED, nullptr, mask);
    PROBE(sslact_loss_compute_bce, {3, 4, 5, 7, 8}, teacher, weight, other, share, mask, nullptr,
          &loss, student, nullptr);
    PROBE(sslact_loss_compute_penalty, {1, 2, 3, 4, 6}, upper, labels, share, mask, nullptr, &loss,
          slopes);
    EXPECT_TRUE(complains_of_null(
        sslact_loss_compute_penalty(upper, nullptr, share, nullptr, nullptr, &loss, slopes)));
    PROBE(sslact_loss_compute_unsupervised, {4, 5, 7, 10, 11}, teacher, student, upper, lower,
          share, mask, 1.0, nullptr, &loss, &penalty, weight, slopes);
}

void probe_weights(Probe &probe, World &w)
{
    const std::string in = w.folder / "whole.safetensors", out = w.folder / "copy.safetensors";
    EXPECT_DONE_WELL(sslact_model_save(w.model, in.c_str()));
    std::vector<char> text(1 << 20);

    PROBE(sslact_weights_inspect, {1}, in.c_str(), w.config, text.data(), text.size(), &w.needed);
    PROBE(sslact_weights_convert, {2}, in.c_str(), out.c_str(), "sslact");
}

TEST(NullArguments, AreRefusedByEveryExportedFunction)
{
    World world;
    Probe probe;

    probe_base_and_runtime(probe, world);
    probe_config(probe, world);
    probe_dataset(probe, world);
    probe_model(probe, world);
    probe_report(probe, world);
    probe_trainer(probe, world);
    probe_video(probe, world);
    probe_run(probe, world);
    probe_loss(probe, world);
    probe_weights(probe, world);

    std::istringstream exports(get_file(SSLACT_TESTS_FOLDER "/abi/exports.txt"));
    std::string name;
    size_t count = 0;
    for (; exports >> name; ++count) {
        EXPECT_EQ(probe.seen().count(name), 1u) << name << " is exported and not probed here";
    }
    EXPECT_GE(count, 70u);
}

} // namespace
