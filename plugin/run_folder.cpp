// A run folder and what is kept in it.

#include "run_folder.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <jansson.h>
#include <torch/version.h>

#include "sslact/sslact.h"

#include "base/clock.h"
#include "base/error.hpp"
#include "base/file.h"
#include "base/log.h"
#include "data/cache_settings.h"
#include "guard.h"
#include "report/page.h"

namespace sslact
{
namespace
{

namespace fs = std::filesystem;

constexpr int64_t threshold_interval = 100;

struct OwnedText {
    text value = {};
    ~OwnedText() { text_free(&value); }
    std::string get() const { return text_get(&value); }
};

struct ConfigHolderFreer {
    void operator()(config *c) const { config_free(c); }
};

std::string read_value(const config *c, const char *key)
{
    OwnedText value;
    check(config_render_value(c, key, &value.value));
    return value.get();
}

std::string describe_cache(const config *c)
{
    OwnedText described;
    check(cache_describe(c, SPLIT_TRAIN, false, &described.value));
    return described.get().empty() ? "none" : described.get();
}

// Keys that may differ between the run that is in a folder and the one that goes on with it.
bool may_differ(const config_key &key)
{
    const std::string name = key.name;
    return name.rfind("log.", 0) == 0 || name.rfind("checkpoint.", 0) == 0 ||
           name.rfind("monitor.", 0) == 0 ||
           name.rfind("evaluate.", 0) == 0 || name == "run.threads" ||
           name == "run.loader_threads" || std::strcmp(key.type, "path") == 0;
}

void compare_configs(const config *now, const config *before, const std::string &path)
{
    config_key key;
    // The cache may move, but pixels of copies are not those of the videos.
    if (cache_is_wanted(now) != cache_is_wanted(before)) {
        throw Error(SSLACT_ERROR_MISMATCH,
                    path + ": the run there reads " +
                        (cache_is_wanted(before) ? "copies (data.cache), this one the videos" :
                                                   "the videos, this one copies (data.cache)") +
                        "; use another folder or the same");
    }
    for (size_t i = 0; config_describe(i, &key); ++i) {
        if (may_differ(key)) {
            continue;
        }
        const std::string new_value = read_value(now, key.name);
        const std::string old_value = read_value(before, key.name);
        if (new_value != old_value) {
            throw Error(SSLACT_ERROR_MISMATCH, path + ": the run there has " + key.name + " " +
                                                   old_value + ", this one " + new_value +
                                                   "; use another folder or the same value");
        }
    }
}

} // namespace

RunFolder::RunFolder(const config *settings, const std::string &folder, bool resume,
                     const std::string &command_line)
    : folder_(folder), command_line_(command_line),
      preset_(read_value(settings, "ssl.preset")), model_(read_value(settings, "model.preset")),
      seed_(read_value(settings, "run.seed")), cache_(describe_cache(settings)),
      log_every_(config_get_int(settings, "log.every_iterations")),
      keep_last_(config_get_int(settings, "checkpoint.keep_last"))
{
    check(file_make_folder(folder_.c_str()));
    take_lock();
    try {
        write_config(settings, resume);
        for (const char *name : {"checkpoints", "detections", "report"}) {
            check(file_make_folder(path(name).c_str()));
        }
        remove_leftovers();
        const std::vector<int64_t> found = list_checkpoints();
        from_ = found.empty() ? 0 : found.front();
    } catch (...) {
        file_lock_release(lock_);
        throw;
    }
}

RunFolder::~RunFolder()
{
    file_lock_release(lock_);
}

void RunFolder::take_lock()
{
    OwnedText holder;
    const sslact_status status =
        file_lock_take(path("run.lock").c_str(), &holder.value, &lock_);
    if (status == SSLACT_ERROR_BUSY) {
        throw Error(SSLACT_ERROR_IO, folder_ + ": another run works in this folder (" +
                                         holder.get() + "); wait for it or use another folder");
    }
    check(status);
}

void RunFolder::write_config(const config *settings, bool resume)
{
    const std::string name = path("config.yaml");
    if (file_exists(name.c_str())) {
        if (!resume) {
            throw Error(SSLACT_ERROR_MISMATCH,
                        folder_ + ": there is a run in this folder already; go on with it "
                                  "(--resume=auto) or use another folder");
        }
        config *before = nullptr;
        check(config_create(&before));
        const std::unique_ptr<config, ConfigHolderFreer> holder(before);
        check(config_load(before, name.c_str()));
        compare_configs(settings, before, name);
    }
    OwnedText rendered;
    check(config_render(settings, &rendered.value));
    const std::string content = rendered.get();
    check(file_write(name.c_str(), content.data(), content.size()));
}

// Files that a killed run was writing.
void RunFolder::remove_leftovers() const
{
    std::error_code ignored;
    for (const char *folder : {"", "checkpoints", "detections", "report"}) {
        for (const auto &entry : fs::directory_iterator(path(folder), ignored)) {
            if (entry.path().filename().string().find(".tmp-") != std::string::npos) {
                fs::remove(entry.path(), ignored);
            }
        }
    }
}

std::string RunFolder::checkpoint_path(int64_t iteration) const
{
    char name[64];
    std::snprintf(name, sizeof name, "checkpoints/%06lld.safetensors",
                  static_cast<long long>(iteration));
    return path(name);
}

std::vector<int64_t> RunFolder::list_checkpoints() const
{
    std::vector<int64_t> iterations;
    std::error_code ignored;
    for (const auto &entry : fs::directory_iterator(path("checkpoints"), ignored)) {
        const std::string stem = entry.path().stem().string();
        int64_t iteration = 0;
        if (entry.path().extension() == ".safetensors" &&
            text_parse_int64(stem.data(), stem.size(), &iteration)) {
            iterations.push_back(iteration);
        }
    }
    std::sort(iterations.rbegin(), iterations.rend());
    return iterations;
}

std::string RunFolder::newest_checkpoint() const
{
    const std::vector<int64_t> found = list_checkpoints();
    if (found.empty()) {
        throw Error(SSLACT_ERROR_NOT_FOUND, path("checkpoints") + ": there is no checkpoint yet");
    }
    return checkpoint_path(found.front());
}

sslact_status RunFolder::load_checkpoint(Trainer &trainer)
{
    for (const int64_t iteration : list_checkpoints()) {
        const std::string name = checkpoint_path(iteration);
        try {
            trainer.load(name);
            from_ = trainer.iteration();
            return SSLACT_OK;
        } catch (const Error &error) {
            if (error.status() != SSLACT_ERROR_FORMAT) {
                throw;
            }
            log_write(SSLACT_LOG_WARNING, "run", "%s; the checkpoint before it is taken",
                      error.what());
        }
    }
    from_ = 0;
    return SSLACT_DONE;
}

void RunFolder::save_checkpoint(const Trainer &trainer)
{
    const std::string name = checkpoint_path(trainer.iteration());
    trainer.save(name);
    const std::string latest = fs::path(name).filename().string() + "\n";
    check(file_write(path("checkpoints/latest").c_str(), latest.data(), latest.size()));
    json_lines_begin(metrics(), "checkpoint", trainer.iteration());
    json_lines_add_text(metrics(), "path", fs::path(name).filename().c_str());
    end_line();
    const std::vector<int64_t> found = list_checkpoints();
    for (size_t i = static_cast<size_t>(keep_last_); i < found.size(); ++i) {
        std::error_code failed;
        fs::remove(checkpoint_path(found[i]), failed);
    }
}

// Opened at the first line, when it is known where training goes on.
json_lines *RunFolder::metrics()
{
    if (!metrics_) {
        const std::string version = std::to_string(SSLACT_VERSION_MAJOR) + "." +
                                    std::to_string(SSLACT_VERSION_MINOR) + "." +
                                    std::to_string(SSLACT_VERSION_PATCH);
        const json_fact facts[] = {
            {"version/sslact", version.c_str()}, {"version/torch", TORCH_VERSION},
            {"preset", preset_.c_str()},         {"model", model_.c_str()},
            {"seed", seed_.c_str()},             {"cache", cache_.c_str()},
            {"command_line", command_line_.c_str()},
        };
        json_lines *opened = nullptr;
        check(json_lines_open(path("metrics.jsonl").c_str(), facts, std::size(facts), from_,
                              &opened));
        metrics_.reset(opened);
    }
    return metrics_.get();
}

// A line that cannot be written does not stop the training.
void RunFolder::end_line()
{
    if (json_lines_end(metrics()) < 0 && json_lines_count_lost(metrics()) == 1) {
        log_write(SSLACT_LOG_WARNING, "run", "%s; lines of metrics are missing from here on",
                  sslact_error_get_message());
    }
}

void RunFolder::write_step(const Trainer &trainer, const sslact_step_report &step)
{
    const Monitor *monitor = trainer.monitor();
    if (monitor != nullptr) {
        write_messages(*monitor, step.iteration);
    }
    if (!trainer.data_warning().empty()) {
        json_lines_begin(metrics(), "warning", step.iteration);
        json_lines_add_text(metrics(), "message", trainer.data_warning().c_str());
        end_line();
    }
    const bool edge = step.iteration == 1 || step.iteration == trainer.planned();
    if (monitor != nullptr && (monitor->ends_window(step.iteration) || edge)) {
        write_monitor(*monitor, trainer, step.iteration);
    }
    if (!edge && step.iteration % log_every_ != 0) {
        return;
    }
    json_lines *lines = metrics();
    json_lines_begin(lines, "train", step.iteration);
    if (trainer.rounds() > 1) {
        json_lines_add_count(lines, "train/round", step.round);
    }
    json_lines_add_number(lines, "train/loss", step.loss_total);
    json_lines_add_number(lines, "train/loss_supervised", step.loss_supervised);
    json_lines_add_number(lines, "train/learning_rate", step.learning_rate);
    json_lines_add_count(lines, "train/people", step.labeled_boxes + step.unlabeled_boxes);
    if (trainer.has_teacher()) {
        json_lines_add_number(lines, "train/loss_unsupervised", step.loss_pseudo);
        json_lines_add_number(lines, "train/loss_regulariser", step.loss_penalty);
        json_lines_add_number(lines, "pseudo/positive_rate", step.positive_rate);
        json_lines_add_number(lines, "pseudo/negative_rate", step.negative_rate);
        json_lines_add_number(lines, "pseudo/ignored_rate", step.ignored_rate);
        json_lines_add_number(lines, "pseudo/sampled_rate", trainer.monitor()->sampled_rate());
        if (edge || step.iteration % threshold_interval == 0) {
            const at::Tensor thresholds = trainer.thresholds();
            for (int32_t j = 0; j < trainer.class_count(); ++j) {
                const std::string key = "threshold/" + trainer.class_name(j);
                json_lines_add_number(lines, key.c_str(), thresholds.const_data_ptr<float>()[j]);
            }
        }
    }
    json_lines_add_number(lines, "perf/step_ms",
                          1000.0 * (step.seconds_data + step.seconds_compute));
    json_lines_add_number(lines, "perf/data_wait_ms", 1000.0 * step.seconds_data);
    end_line();
}

void RunFolder::write_report(const evaluation_report &report)
{
    check(evaluation_report_save_to_run(&report, folder_.c_str()));
    json_lines *lines = metrics();
    const std::string prefix =
        "eval_" + std::string(report.split) + "/" + std::string(report.role) + "/";
    json_lines_begin(lines, "eval", report.iteration);
    if (report.round > 0) {
        json_lines_add_count(lines, (prefix + "round").c_str(), report.round);
    }
    json_lines_add_number(lines, (prefix + "map_50").c_str(), report.frame_map);
    json_lines_add_number(lines, (prefix + "chance_map_50").c_str(), report.chance_frame_map);
    for (int32_t j = 0; j < report.class_count; ++j) {
        json_lines_add_number(lines, (prefix + "ap/" + report.classes[j].name).c_str(),
                              report.classes[j].average_precision);
    }
    end_line();
}

void RunFolder::write_end(const Trainer &trainer)
{
    json_lines_begin(metrics(), "end", trainer.iteration());
    json_lines_add_count(metrics(), "lost_lines", json_lines_count_lost(metrics()));
    end_line();
}

void RunFolder::write_failure(sslact_status status, const std::string &message, int64_t iteration)
{
    json_t *object =
        json_pack("{s:s, s:s, s:I, s:s, s:s}", "status", sslact_status_get_name(status),
                  "message", message.c_str(), "iteration", static_cast<json_int_t>(iteration),
                  "torch", TORCH_VERSION, "command_line", command_line_.c_str());
    char *dumped = object ? json_dumps(object, JSON_INDENT(2)) : nullptr;
    json_decref(object);
    if (dumped == nullptr) {
        throw Error(SSLACT_ERROR_OUT_OF_MEMORY, "out of memory");
    }
    const std::string content = std::string(dumped) + "\n";
    free(dumped);
    check(file_write(path("failure.json").c_str(), content.data(), content.size()));
}

void RunFolder::render()
{
    check(report_build_run(folder_.c_str()));
}

} // namespace sslact
