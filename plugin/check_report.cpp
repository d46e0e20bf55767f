// The statistics of a checked data set.
#include "check_report.h"

#include <cmath>

#include "guard.h"

#include "report/page_check.h"
#include "ssl/method.h"

namespace sslact
{

namespace
{

constexpr int64_t listed_problems = 200; // of a kind, on the page

} // namespace

void CheckProblems::add(data_problem kind, const char *place, const char *text)
{
    if (counts_[kind]++ < listed_problems) {
        rows_.push_back({kind, place, text});
    }
}

CheckStatistics::CheckStatistics(const config *c, const data_check_summary &summary)
    : summary_(summary)
{
    if (summary.set_count == 0) {
        return;
    }
    const balance_options options = make_balance_options(read_method_options(c));
    balance *made = nullptr;
    check(balance_fit(summary.sets, summary.set_instances, summary.set_count, summary.class_count,
                      &options, &made));
    balance_.reset(made);
}

// Of the people with the class, those that the mask of method.md section 3.2 keeps: each goes by
// its rarest class.
double CheckStatistics::kept_share(int32_t j) const
{
    const auto classes = static_cast<size_t>(summary_.class_count);
    const int64_t *assigned = balance_->assigned + static_cast<size_t>(j) * classes;
    double kept = 0;
    for (size_t k = 0; k < classes; ++k) {
        kept += static_cast<double>(assigned[k]) * balance_->probability[k];
    }
    return balance_->count[j] > 0 ? kept / static_cast<double>(balance_->count[j]) : NAN;
}

sslact_check_class CheckStatistics::describe(int32_t j) const
{
    sslact_check_class out;
    SSLACT_INIT(out);
    out.index = j;
    out.class_count = summary_.class_count;
    out.id = summary_.class_ids[j];
    out.name = summary_.class_names[j];
    out.instances = summary_.instances_per_class[j];
    out.imbalance = balance_ ? balance_->imbalance[j] : NAN;
    out.probability = balance_ ? balance_->probability[j] : NAN;
    out.kept_share = balance_ ? kept_share(j) : NAN;
    out.weight = balance_ ? balance_->weight[j] : NAN;
    out.pair_counts =
        summary_.pair_counts + static_cast<size_t>(j) * static_cast<size_t>(summary_.class_count);
    return out;
}

void CheckStatistics::fill(sslact_check_summary &out) const
{
    out.videos = summary_.videos;
    out.key_frames = summary_.key_frames;
    out.people = summary_.people;
    out.problems = summary_.problems;
    out.notes = summary_.notes;
    out.kept_share = balance_ ? balance_->expected_kept_share : NAN;
    out.mean_count = balance_ ? balance_->mean_count : NAN;
    out.class_count = summary_.class_count;
    for (int n = 0; n <= DATA_CHECK_MOST_LABELS; ++n) {
        out.labels_per_instance[n] = summary_.labels_per_instance[n];
        out.instances += summary_.labels_per_instance[n];
    }
    for (int32_t j = 0; j < summary_.class_count; ++j) {
        out.labels += summary_.instances_per_class[j];
    }
    for (int i = 0; i < 3; ++i) {
        out.split_videos[i] = summary_.splits[i].videos;
        out.split_key_frames[i] = summary_.splits[i].clips;
        out.split_people[i] = summary_.splits[i].people;
    }
}

void CheckStatistics::tell(int (*callback)(const sslact_check_class *, void *), void *user) const
{
    for (int32_t j = 0; balance_ && j < summary_.class_count; ++j) {
        const sslact_check_class statistics = describe(j);
        if (callback(&statistics, user) != 0) {
            throw Error(SSLACT_ERROR_CANCELLED, "cancelled by the caller");
        }
    }
}

void CheckStatistics::write(const char *folder, const CheckProblems &problems) const
{
    static const char *const split_names[] = {"train", "validation", "unlabeled"};
    sslact_check_summary totals;
    SSLACT_INIT(totals);
    fill(totals);
    std::vector<check_page_kind> kinds;
    for (int kind = 0; kind < DATA_PROBLEM_COUNT; ++kind) {
        const auto which = static_cast<data_problem>(kind);
        if (summary_.problem_counts[kind] > 0) {
            kinds.push_back({data_problem_get_name(which), data_problem_get_fix(which),
                             summary_.problem_counts[kind], data_problem_is_note(which)});
        }
    }
    std::vector<check_page_problem> rows;
    for (const CheckProblems::Row &row : problems.rows()) {
        rows.push_back({data_problem_get_name(row.kind), row.place.c_str(), row.text.c_str(),
                        data_problem_get_fix(row.kind), data_problem_is_note(row.kind)});
    }
    std::vector<check_page_class> classes;
    for (int32_t j = 0; balance_ && j < summary_.class_count; ++j) {
        const sslact_check_class c = describe(j);
        classes.push_back(
            {c.id, c.name, c.instances, c.imbalance, c.probability, c.kept_share, c.weight});
    }
    check_page page = {};
    page.videos = totals.videos;
    page.key_frames = totals.key_frames;
    page.people = totals.people;
    page.problem_count = totals.problems;
    page.note_count = totals.notes;
    for (int i = 0; i < check_page_splits; ++i) {
        const data_check_split &split = summary_.splits[i];
        page.splits[i] = {split.configured ? split_names[i] : nullptr, split.videos, split.clips,
                          split.people, split.empty};
    }
    page.kinds = kinds.data();
    page.kind_count = kinds.size();
    page.problems = rows.data();
    page.problem_listed = rows.size();
    page.classes = classes.data();
    page.class_count = classes.size();
    page.pair_counts = summary_.pair_counts;
    page.instances = totals.instances;
    page.labels = totals.labels;
    for (int n = 0; n < check_page_label_counts; ++n) {
        page.labels_per_instance[n] = totals.labels_per_instance[n];
    }
    page.mean_count = totals.mean_count;
    page.kept_share = totals.kept_share;
    check(report_build_check(folder, &page));
}

} // namespace sslact
