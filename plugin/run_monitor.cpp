// What a run folder keeps of the monitor: the lines "classes", "monitor", "warning" and "note" of
// metrics.jsonl; docs/monitor.md has their schema.

#include "run_folder.h"

#include <cmath>
#include <functional>

#include "train/monitor.h"

namespace sslact
{
namespace
{

using Classes = std::vector<pseudo_quality>;

// Shares of counts carry no more than six digits; fewer keep the line short.
double shorten(double share)
{
    return std::round(share * 1e6) / 1e6;
}

void add_counts(json_lines *lines, const std::string &key, const Classes &classes,
                int64_t pseudo_quality::*member)
{
    std::vector<int64_t> values;
    for (const pseudo_quality &quality : classes) {
        values.push_back(quality.*member);
    }
    json_lines_add_counts(lines, key.c_str(), values.data(), values.size());
}

void add_shares(json_lines *lines, const std::string &key, const Classes &classes,
                double pseudo_quality::*member)
{
    std::vector<double> values;
    for (const pseudo_quality &quality : classes) {
        values.push_back(shorten(quality.*member));
    }
    json_lines_add_numbers(lines, key.c_str(), values.data(), values.size());
}

void add_table(json_lines *lines, const std::string &prefix, const MonitorTable &table,
               bool has_truth)
{
    json_lines_add_count(lines, (prefix + "iterations").c_str(), table.iterations);
    json_lines_add_count(lines, (prefix + "boxes").c_str(), table.boxes);
    add_counts(lines, prefix + "positives", table.classes, &pseudo_quality::positives);
    add_counts(lines, prefix + "negatives", table.classes, &pseudo_quality::negatives);
    add_counts(lines, prefix + "ignored", table.classes, &pseudo_quality::ignored);
    add_shares(lines, prefix + "kept_share", table.classes, &pseudo_quality::kept_share);
    add_shares(lines, prefix + "rarest_kept_share", table.classes,
               &pseudo_quality::rarest_kept_share);
    if (has_truth) {
        add_counts(lines, prefix + "known", table.classes, &pseudo_quality::known);
        add_counts(lines, prefix + "truth", table.classes, &pseudo_quality::truth);
        add_shares(lines, prefix + "precision", table.classes, &pseudo_quality::precision);
        add_shares(lines, prefix + "recall", table.classes, &pseudo_quality::recall);
        add_shares(lines, prefix + "negative_precision", table.classes,
                   &pseudo_quality::negative_precision);
        add_shares(lines, prefix + "calibration_error", table.classes,
                   &pseudo_quality::calibration_error);
    }
}

// All classes together, under the tags of the curves. A window without a labelled clip says nothing
// about them.
void add_tags(json_lines *lines, const MonitorTable &unlabeled, const MonitorTable &labeled,
              bool has_truth)
{
    if (labeled.boxes > 0) {
        json_lines_add_number(lines, "pseudo/precision", shorten(labeled.all.precision));
        json_lines_add_number(lines, "pseudo/recall", shorten(labeled.all.recall));
    }
    if (has_truth) {
        json_lines_add_number(lines, "pseudo/hidden_precision", shorten(unlabeled.all.precision));
        json_lines_add_number(lines, "pseudo/hidden_recall", shorten(unlabeled.all.recall));
        json_lines_add_number(lines, "pseudo/hidden_negative_precision",
                              shorten(unlabeled.all.negative_precision));
        json_lines_add_number(lines, "pseudo/hidden_calibration_error",
                              shorten(unlabeled.all.calibration_error));
    }
}

} // namespace

void RunFolder::write_classes(const Monitor &monitor, int64_t iteration)
{
    std::vector<const char *> names;
    for (const std::string &name : monitor.class_names()) {
        names.push_back(name.c_str());
    }
    std::vector<double> starts;
    for (const double start : monitor.start_thresholds()) {
        starts.push_back(shorten(start));
    }
    json_lines *lines = metrics();
    json_lines_begin(lines, "classes", iteration);
    json_lines_add_texts(lines, "names", names.data(), names.size());
    json_lines_add_counts(lines, "labeled", monitor.labeled_counts().data(), names.size());
    json_lines_add_numbers(lines, "threshold_start", starts.data(), starts.size());
    end_line();
    named_classes_ = true;
}

void RunFolder::write_monitor(const Monitor &monitor, const Trainer &trainer, int64_t iteration)
{
    if (!named_classes_) {
        write_classes(monitor, iteration);
    }
    const bool has_truth = monitor.has_hidden_labels();
    const MonitorTable window = monitor.read(MonitorPeriod::window, MonitorSource::unlabeled);
    const MonitorTable run = monitor.read(MonitorPeriod::run, MonitorSource::unlabeled);
    const MonitorTable labeled = monitor.read(MonitorPeriod::window, MonitorSource::labeled);
    const MonitorTable labeled_run = monitor.read(MonitorPeriod::run, MonitorSource::labeled);
    const at::Tensor thresholds = trainer.thresholds();
    std::vector<double> threshold;
    for (int32_t j = 0; j < monitor.class_count(); ++j) {
        threshold.push_back(shorten(thresholds.const_data_ptr<float>()[j]));
    }

    json_lines *lines = metrics();
    json_lines_begin(lines, "monitor", iteration);
    add_tags(lines, window, labeled, has_truth);
    json_lines_add_numbers(lines, "monitor/threshold", threshold.data(), threshold.size());
    add_table(lines, "monitor/", window, has_truth);
    add_table(lines, "monitor_run/", run, has_truth);
    add_shares(lines, "monitor_run/labeled_precision", labeled_run.classes,
               &pseudo_quality::precision);
    add_shares(lines, "monitor_run/labeled_recall", labeled_run.classes, &pseudo_quality::recall);
    end_line();
}

void RunFolder::write_messages(const Monitor &monitor, int64_t iteration)
{
    for (const MonitorMessage &message : monitor.messages()) {
        json_lines_begin(metrics(), message.is_warning ? "warning" : "note", iteration);
        json_lines_add_text(metrics(), "message", message.text.c_str());
        end_line();
    }
}

} // namespace sslact
