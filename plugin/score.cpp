// Detections and labels from files to frame mAP; datasets-and-evaluation.md sections 8 and 10. A
// row of a class that is not on the action list leaves first, in both files (step 1).

#include "score.h"

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "data/ava_files.h"
#include "data/ucf_files.h"
#include "metrics/frame_map.h"

namespace sslact
{
namespace
{

// What the readers fill, freed together.
struct ScoreFiles {
    name_table videos = {};
    data_problems problems = {};
    ava_actions actions = {};
    ava_rows detections = {};
    ava_rows truth = {};
    ava_keys excluded = {};
    ava_keys lengths = {}; // of videos, in frames
    ScoreFiles() = default;
    ScoreFiles(const ScoreFiles &) = delete;
    ScoreFiles &operator=(const ScoreFiles &) = delete;
    ~ScoreFiles()
    {
        name_table_free(&videos);
        ava_actions_free(&actions);
        ava_rows_free(&detections);
        ava_rows_free(&truth);
        ava_keys_free(&excluded);
        ava_keys_free(&lengths);
    }
};

bool is_ucf(const sslact_score_options &options)
{
    if (options.dataset == nullptr || std::strcmp(options.dataset, "ava") == 0) {
        return false;
    }
    if (std::strcmp(options.dataset, "ucf101_24") != 0) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT, std::string("dataset \"") + options.dataset +
                                                       "\", \"ava\" or \"ucf101_24\" is accepted");
    }
    return true;
}

// What one data set's rule has and the other's does not is refused rather than ignored.
void refuse_foreign(const sslact_score_options &options, bool ucf)
{
    const std::pair<const char *, bool> own[] = {
        {"rule", options.rule != nullptr}, {"exclusions", options.exclusions_path != nullptr}};
    const std::pair<const char *, bool> theirs[] = {
        {"frames", options.frames_path != nullptr},
        {"frames_rule", options.frames_rule != nullptr}};
    for (const auto &[name, given] : ucf ? own : theirs) {
        if (given) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        std::string(name) + " is no option of " + (ucf ? "ucf101_24" : "ava"));
        }
    }
}

bool wants_all_frames(const sslact_score_options &options)
{
    if (options.frames_rule == nullptr || std::strcmp(options.frames_rule, "annotated") == 0) {
        return false;
    }
    if (std::strcmp(options.frames_rule, "all") != 0) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT, std::string("frames_rule \"") +
                                                       options.frames_rule +
                                                       "\", \"annotated\" or \"all\" is accepted");
    }
    return true;
}

bool wants_included_rule(const sslact_score_options &options)
{
    if (options.rule == nullptr || std::strcmp(options.rule, "exclusions") == 0) {
        return false;
    }
    if (std::strcmp(options.rule, "included") != 0) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                    std::string("rule \"") + options.rule +
                        "\", \"exclusions\" or \"included\" is accepted");
    }
    if (options.exclusions_path != nullptr) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                    "rule \"included\" takes no exclusions file, the label file says which key "
                    "frames count");
    }
    return true;
}

bool wants_skipping(const sslact_score_options &options)
{
    if (options.row_policy == nullptr || std::strcmp(options.row_policy, "fail") == 0) {
        return false;
    }
    if (std::strcmp(options.row_policy, "skip") != 0) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT, std::string("row_policy \"") +
                                                       options.row_policy +
                                                       "\", \"fail\" or \"skip\" is accepted");
    }
    return true;
}

// A detection on a frame that its video has not is a mistake of the numbering.
void check_frames(const sslact_score_options &options, ScoreFiles *files)
{
    std::vector<int64_t> ends(files->videos.count, -1);
    for (size_t i = 0; i < files->lengths.count; ++i) {
        ends[static_cast<size_t>(files->lengths.keys[i].video)] = files->lengths.keys[i].time_us;
    }
    ava_rows &rows = files->detections;
    size_t kept = 0;
    for (size_t i = 0; i < rows.count; ++i) {
        const int64_t end = ends[static_cast<size_t>(rows.rows[i].video)];
        if (rows.rows[i].time_us <= end) {
            rows.rows[kept++] = rows.rows[i];
            continue;
        }
        check(data_problems_report(
            &files->problems, DATA_PROBLEM_KEY_FRAME,
            data_problems_locate(options.detections_path, rows.rows[i].line).text,
            end < 0 ? "video \"%s\" is not in the list of frames"
                    : "a frame behind the end of video \"%s\"",
            files->videos.names[rows.rows[i].video]));
    }
    rows.count = kept;
}

void read_ucf_files(const sslact_score_options &options, ScoreFiles *files)
{
    check(options.actions_path != nullptr ? ucf_classes_read(options.actions_path, &files->actions)
                                          : ucf_classes_make(&files->actions));
    check(
        ucf_rows_read(options.labels_path, false, &files->videos, &files->problems, &files->truth));
    check(ucf_rows_read(options.detections_path, true, &files->videos, &files->problems,
                        &files->detections));
    if (options.frames_path != nullptr) {
        check(ucf_frame_counts_read(options.frames_path, &files->videos, &files->problems,
                                    &files->lengths));
        check_frames(options, files);
    }
}

void read_ava_files(const sslact_score_options &options, ScoreFiles *files)
{
    check(ava_actions_read(options.actions_path, &files->actions));
    check(ava_rows_read(options.labels_path, AVA_TRUTH, AVA_ACTION_MAX_ID, &files->videos,
                        &files->problems, &files->truth));
    check(ava_rows_read(options.detections_path, AVA_DETECTIONS, AVA_ACTION_MAX_ID, &files->videos,
                        &files->problems, &files->detections));
    if (options.exclusions_path != nullptr) {
        check(ava_keys_read(options.exclusions_path, &files->videos, &files->problems,
                            &files->excluded));
    }
}

void read_files(const sslact_score_options &options, ScoreFiles *files)
{
    files->problems.skip = wants_skipping(options);
    if (is_ucf(options)) {
        read_ucf_files(options, files);
    } else {
        read_ava_files(options, files);
    }
    data_problems_warn(&files->problems);
}

std::vector<metric_detection> list_detections(const ScoreFiles &files)
{
    std::vector<metric_detection> rows;
    rows.reserve(files.detections.count);
    for (size_t i = 0; i < files.detections.count; ++i) {
        const ava_row &row = files.detections.rows[i];
        const int32_t j = ava_actions_find(&files.actions, row.action_id);
        if (j >= 0) {
            rows.push_back({ava_make_key(row.video, row.time_us), j, row.score, row.x1, row.y1,
                            row.x2, row.y2});
        }
    }
    return rows;
}

struct Truth {
    std::vector<metric_truth> rows;
    std::vector<int64_t> listed; // keys that occur in the file at all
};

Truth list_truth(const ScoreFiles &files)
{
    Truth truth;
    for (size_t i = 0; i < files.truth.count; ++i) {
        const ava_row &row = files.truth.rows[i];
        const int64_t key = ava_make_key(row.video, row.time_us);
        truth.listed.push_back(key);
        const int32_t j = row.has_box ? ava_actions_find(&files.actions, row.action_id) : -1;
        if (j >= 0) {
            // The official reader takes column 8 for a score: the order of a key's boxes (step 5).
            truth.rows.push_back({key, j, row.score, row.x1, row.y1, row.x2, row.y2});
        }
    }
    return truth;
}

evaluation_report *make_report(const ScoreFiles &files, frame_map *map, const char *rule,
                               int64_t row_limit)
{
    std::vector<const char *> names;
    std::vector<int64_t> ids;
    for (size_t j = 0; j < files.actions.count; ++j) {
        names.push_back(files.actions.actions[j].name);
        ids.push_back(files.actions.actions[j].id);
    }
    evaluation_facts facts = {};
    facts.rule = rule;
    facts.row_limit = row_limit;
    facts.iteration = -1;
    facts.clips = -1;
    facts.boxes = -1;
    facts.seconds = std::numeric_limits<double>::quiet_NaN();
    facts.class_names = names.data();
    facts.class_ids = ids.data();
    evaluation_report *report = nullptr;
    const sslact_status status = evaluation_report_create(map, &facts, &report);
    if (status < 0) {
        frame_map_free(map);
        check(status);
    }
    return report;
}

} // namespace

evaluation_report *score_files(const sslact_score_options &options)
{
    const bool ucf = is_ucf(options);
    refuse_foreign(options, ucf);
    const bool all_frames = wants_all_frames(options), included = wants_included_rule(options);
    const int64_t row_limit = options.row_limit ? *options.row_limit : ucf ? 0 : 50;
    const char *rule = ucf        ? all_frames ? "all frames" : "annotated"
                       : included ? "included"
                                  : "exclusions";
    if (row_limit < 0) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                    "row_limit is " + std::to_string(row_limit) + ", 0 (none) or more is accepted");
    }
    ScoreFiles files;
    read_files(options, &files);
    const std::vector<metric_detection> detections = list_detections(files);
    const Truth truth = list_truth(files);
    std::vector<int64_t> excluded;
    for (size_t i = 0; i < files.excluded.count; ++i) {
        excluded.push_back(
            ava_make_key(files.excluded.keys[i].video, files.excluded.keys[i].time_us));
    }
    frame_map_options wanted = {};
    wanted.class_count = static_cast<int32_t>(files.actions.count);
    wanted.row_limit = row_limit;
    wanted.only_listed_keys = ucf ? !all_frames : included;
    wanted.listed = truth.listed.data();
    wanted.listed_count = truth.listed.size();
    wanted.excluded = excluded.data();
    wanted.excluded_count = excluded.size();
    frame_map *map = nullptr;
    check(frame_map_compute(detections.data(), detections.size(), truth.rows.data(),
                            truth.rows.size(), &wanted, &map));
    return make_report(files, map, rule, row_limit);
}

} // namespace sslact
