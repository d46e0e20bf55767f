// What the tests of this room share: a temporary folder, small evaluations, a check that a page's
// tags are balanced.
#ifndef TESTS_REPORT_SUPPORT_H
#define TESTS_REPORT_SUPPORT_H

#include "report/evaluation.h"

#include "support/temporary.h"

#include <gtest/gtest.h>
#include <jansson.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace report_test
{

inline const double not_a_number = std::numeric_limits<double>::quiet_NaN();
inline const char *const hostile = "<script>\"&'</td>, \x01\xff\n";

using Folder = test::TemporaryFolder;

using test::get_file;

inline void write(const std::string &path, const std::string &content)
{
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
}

inline std::string take(text *t)
{
    std::string result(text_get(t), t->length);
    text_free(t);
    return result;
}

inline size_t count(const std::string &where, const std::string &what)
{
    size_t found = 0;
    for (size_t at = where.find(what); at != std::string::npos; at = where.find(what, at + 1)) {
        found++;
    }
    return found;
}

using Json = std::unique_ptr<json_t, decltype(&json_decref)>;

inline Json parse(const std::string &content)
{
    json_error_t error;
    json_t *root = json_loadb(content.data(), content.size(), JSON_REJECT_DUPLICATES, &error);
    EXPECT_NE(root, nullptr) << error.text << " in " << content;
    return Json(root, json_decref);
}

// Empty when every tag is closed in order and every & begins an entity; else what is wrong.
inline std::string find_imbalance(const std::string &page)
{
    const std::vector<std::string> lonely = {"meta", "!doctype"};
    std::vector<std::string> open;
    for (size_t at = 0; at < page.size(); at++) {
        if (page[at] == '&') {
            size_t end = page.find(';', at);
            if (end == std::string::npos || end - at > 8) {
                return "bare & at " + page.substr(at, 30);
            }
        }
        if (page[at] == '>') {
            return "stray > at " + page.substr(at, 30);
        }
        if (page[at] != '<') {
            continue;
        }
        size_t end = page.find('>', at);
        if (end == std::string::npos) {
            return "open tag at the end";
        }
        std::string tag = page.substr(at + 1, end - at - 1);
        at = end;
        std::string name = tag.substr(0, tag.find_first_of(" \n\t"));
        if (count(tag, "\"") % 2 != 0 || tag.find('<') != std::string::npos) {
            return "bad quotes in <" + tag + ">";
        }
        if (name[0] == '/') {
            if (open.empty() || open.back() != name.substr(1)) {
                return "<" + tag + "> closes " + (open.empty() ? "nothing" : open.back());
            }
            open.pop_back();
        } else if (tag.back() != '/' &&
                   std::find(lonely.begin(), lonely.end(), name) == lonely.end()) {
            open.push_back(name);
            if (name == "style") { // its > is no tag
                at = page.find("</style>", at) - 1;
            }
        }
    }
    return open.empty() ? "" : "never closed: " + open.back();
}

// A result of three classes: one of two people found (AP 1/2), nobody to find, none found.
inline frame_map *make_result()
{
    const metric_detection detections[] = {{1, 0, 0.9, 0, 0, 1, 1}, {1, 1, 0.8, 0, 0, 1, 1}};
    const metric_truth truth[] = {
        {1, 0, 0, 0, 0, 1, 1}, {2, 0, 0, 0, 0, 1, 1}, {1, 2, 0, 0, 0, 1, 1}};
    frame_map_options options = {};
    options.class_count = 3;
    frame_map *result = nullptr;
    EXPECT_EQ(frame_map_compute(detections, 2, truth, 3, &options, &result), SSLACT_OK);
    return result;
}

inline const char *const class_names[] = {"stand", "walk", "fall"};
inline const int64_t class_ids[] = {12, 14, 5};
inline const int64_t training_counts[] = {7, 40, 7};

inline evaluation_facts make_facts()
{
    evaluation_facts facts = {};
    facts.role = "student";
    facts.split = "validation";
    facts.rule = "exclusions";
    facts.row_limit = 50;
    facts.iteration = 500;
    facts.clips = 2;
    facts.boxes = 3;
    facts.seconds = 1.5;
    facts.class_names = class_names;
    facts.class_ids = class_ids;
    facts.training_counts = training_counts;
    return facts;
}

using Evaluation = std::unique_ptr<evaluation_report, decltype(&evaluation_report_free)>;

inline Evaluation make_evaluation(const evaluation_facts &facts)
{
    evaluation_report *report = nullptr;
    EXPECT_EQ(evaluation_report_create(make_result(), &facts, &report), SSLACT_OK)
        << sslact_error_get_message();
    return Evaluation(report, evaluation_report_free);
}

inline std::string render(const Evaluation &report, const char *format)
{
    text out = {};
    EXPECT_EQ(evaluation_report_render(report.get(), format, &out), SSLACT_OK);
    return take(&out);
}

} // namespace report_test

#endif
