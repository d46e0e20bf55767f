// sslact_dataset_draw_sheet: what training makes of clips, as a picture. The data room makes the
// views, the report room draws them.

#include <string>
#include <vector>

#include "handles.h"

#include "data/preview.h"
#include "media/image.h"
#include "report/sheet.h"

using namespace sslact;

namespace
{

constexpr size_t most_clips = 32;
constexpr int32_t default_columns = 5, most_columns = 32;
constexpr int32_t default_size = 240, least_size = 32, most_size = 1024;

struct Preview {
    preview value = {};
    Preview() = default;
    ~Preview() { preview_free(&value); }
    Preview(const Preview &) = delete;
    Preview &operator=(const Preview &) = delete;
};

struct DrawingFreer {
    void operator()(drawing *d) const { drawing_free(d); }
};

// A row with the texts and pictures that it points to.
struct Row {
    std::string title, purpose, changes;
    std::vector<std::string> words;
    std::vector<sheet_person> people;
    sheet_row value = {};
    Row() = default;
    ~Row() { sheet_clear_row(&value); }
    Row(const Row &) = delete;
    Row &operator=(const Row &) = delete;
};

struct Section {
    std::string title;
    std::vector<std::unique_ptr<Row>> rows;
    double step_seconds = 0;
};

std::string round_text(double value, int digits)
{
    char buffer[48];
    std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
    return buffer;
}

// "stand, talk to; cut at the border": what is known of a person.
std::string describe_person(const dataset *data, const preview &p, size_t view, int32_t i)
{
    const clip &c = *p.views[view].clip;
    std::string words;
    for (int32_t j = 0; c.labels != nullptr && j < c.class_count; ++j) {
        if (c.labels[static_cast<size_t>(i) * c.class_count + j] != 0) {
            const char *name = dataset_get_class_name(data, j);
            words += (words.empty() ? "" : ", ") + std::string(name != nullptr ? name : "?");
        }
    }
    if (words.empty()) {
        words = c.labels != nullptr ? "no action" : "no labels";
    }
    if (c.box_scores[i] < 1) {
        words += " (detector " + round_text(c.box_scores[i], 2) + ")";
    }
    const std::string judgement = preview_judge_box(&p, view, i);
    return judgement.empty() ? words : words + "\n" + judgement;
}

std::unique_ptr<Row> make_row(const sheet_layout &layout, const dataset *data, const preview &p,
                              size_t view)
{
    const preview_view &source = p.views[view];
    const clip &c = *source.clip;
    auto row = std::make_unique<Row>();
    row->title = view == 0 ? source.name : std::string(source.name) + " view";
    row->purpose = source.purpose;
    row->changes = source.changes;
    for (int32_t i = 0; i < c.box_count; ++i) {
        row->words.push_back(describe_person(data, p, view, i));
    }
    for (int32_t i = 0; i < c.box_count; ++i) {
        row->people.push_back({c.boxes[i], source.visible[i] == 0, row->words[i].c_str()});
    }
    row->value.title = row->title.c_str();
    row->value.purpose = row->purpose.c_str();
    row->value.changes = row->changes.c_str();
    row->value.people = row->people.data();
    row->value.person_count = row->people.size();
    row->value.frame_count = c.frame_count;
    check(sheet_shrink(&layout, c.pixels, c.height, c.width, &row->value));
    return row;
}

void tell_views(const sslact_sheet_options &options, const preview &p)
{
    for (size_t view = 0; options.view != nullptr && view < p.view_count; ++view) {
        const preview_view &source = p.views[view];
        sslact_sheet_view told;
        SSLACT_INIT(told);
        told.clip = p.index;
        told.video = source.clip->video;
        told.seconds = source.clip->timestamp;
        told.view = source.name;
        told.changes = source.changes;
        told.height = source.clip->height;
        told.width = source.clip->width;
        told.people = source.clip->box_count;
        for (int32_t i = 0; i < source.clip->box_count; ++i) {
            told.masked += source.visible[i] == 0;
        }
        if (options.view(&told, options.view_user) != 0) {
            throw Error(SSLACT_ERROR_CANCELLED, "stopped by the view callback");
        }
    }
}

Section make_section(const sheet_layout &layout, dataset *data, const preview &p)
{
    Section section;
    const clip &c = *p.views[0].clip;
    section.title = std::string(c.name) + "   clip number " + std::to_string(p.index) + " of " +
                    dataset_get_split(data) + " (" + std::to_string(dataset_count_clips(data)) +
                    " clips)";
    section.step_seconds = p.step_seconds;
    for (size_t view = 0; view < p.view_count; ++view) {
        section.rows.push_back(make_row(layout, data, p, view));
    }
    return section;
}

void save_sheet(const sheet_layout &layout, const std::vector<Section> &sections, const char *path)
{
    std::vector<std::vector<sheet_row>> rows;
    std::vector<sheet_clip> clips;
    for (const Section &section : sections) {
        rows.emplace_back();
        for (const std::unique_ptr<Row> &row : section.rows) {
            rows.back().push_back(row->value);
        }
    }
    for (size_t n = 0; n < sections.size(); ++n) {
        clips.push_back(
            {sections[n].title.c_str(), sections[n].step_seconds, rows[n].data(), rows[n].size()});
    }
    drawing *made = nullptr;
    check(sheet_draw(&layout, clips.data(), clips.size(), &made));
    const std::unique_ptr<drawing, DrawingFreer> holder(made);
    check(image_write_png(path, made->pixels, made->width, made->height));
}

int32_t choose(int32_t given, int32_t usual, int32_t least, int32_t most, const char *name)
{
    const int32_t chosen = given == 0 ? usual : given;
    if (chosen < least || chosen > most) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                    std::string("options.") + name + " is " + std::to_string(given) + ", " +
                        std::to_string(least) + " to " + std::to_string(most) +
                        " is accepted, or 0 for " + std::to_string(usual));
    }
    return chosen;
}

void check_clips(const dataset *data, const size_t *clips, size_t clip_count)
{
    const size_t total = dataset_count_clips(data);
    if (clip_count < 1 || clip_count > most_clips) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT, "clip_count is " + std::to_string(clip_count) +
                                                       ", 1 to " + std::to_string(most_clips) +
                                                       " is accepted");
    }
    if (total == 0) {
        throw Error(SSLACT_ERROR_INVALID_ARGUMENT, "the data set has no clips to show");
    }
    for (size_t n = 0; clips != nullptr && n < clip_count; ++n) {
        if (clips[n] >= total) {
            throw Error(SSLACT_ERROR_INVALID_ARGUMENT,
                        "clips[" + std::to_string(n) + "] is " + std::to_string(clips[n]) +
                            ", the data set has " + std::to_string(total) + " clips");
        }
    }
}

} // namespace

sslact_status sslact_dataset_find_clip(sslact_dataset *dataset_handle, const char *video_id,
                                       double seconds, size_t *index)
{
    return guard_exclusive(dataset_handle, "dataset", [&](sslact_dataset &handle) {
        need(video_id, "video");
        return dataset_find_clip(handle.inner.get(), video_id, seconds, need(index, "index"));
    });
}

sslact_status sslact_dataset_draw_sheet(sslact_dataset *dataset_handle,
                                        const sslact_config *config_handle, const size_t *clips,
                                        size_t clip_count, const sslact_sheet_options *options,
                                        const char *path)
{
    return guard_exclusive(dataset_handle, "dataset", [&](sslact_dataset &handle) {
        const SharedUse config_use(config_handle, "config");
        need(path, "path");
        const sslact_sheet_options given = read_options(options, "options");
        const config *settings = config_handle->inner.get();
        check(config_validate(settings));
        dataset *data = handle.inner.get();
        check_clips(data, clips, clip_count);
        const std::string title = std::string("What training makes of clips of \"") +
                                  dataset_get_split(data) + "\", run.seed " +
                                  std::to_string(config_get_int(settings, "run.seed"));
        const sheet_layout layout = {
            title.c_str(), choose(given.columns, default_columns, 1, most_columns, "columns"),
            choose(given.frame_size, default_size, least_size, most_size, "frame_size")};
        std::vector<Section> sections;
        for (size_t n = 0; n < clip_count; ++n) {
            const size_t index = clips != nullptr ? clips[n] : preview_pick(settings, data, n);
            Preview shown;
            check(preview_make(settings, data, index, n, &shown.value));
            tell_views(given, shown.value);
            sections.push_back(make_section(layout, data, shown.value));
        }
        save_sheet(layout, sections, path);
        return SSLACT_OK;
    });
}
