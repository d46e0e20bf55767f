// Writes what is on the key frames. The labels of a black shot are written too, as by an annotator
// who knew the people were there; excluded_train.csv takes the key frame out again.
#include "demo/annotation.h"

#include <math.h>

#define MISSED 0.03       // of the people, by the detector
#define STRAY 0.05        // boxes around nobody, for each person
#define CORNER_ERROR 0.03 // deviation of a corner, of the box's side
#define SCORE_SLOPE 0.5   // of the score, by what the overlap lacks of 1
#define SCORE_NOISE 0.01

// --- people on a key frame ---

static int32_t to_thousandths(double share)
{
    return (int32_t)lrint(1000 * fmin(fmax(share, 0), 1));
}

size_t demo_find_instances(const demo_video *video, int64_t frame,
                           demo_instance instances[DEMO_MAX_PEOPLE])
{
    const demo_scene *scene = demo_video_find_scene(video, frame);
    if (scene == NULL) {
        return 0;
    }
    double seconds = (double)frame / DEMO_RATE;
    double dx, dy;
    demo_scene_find_drift(scene, frame, &dx, &dy);
    for (size_t p = 0; p < scene->person_count; p++) {
        const demo_person *person = &scene->people[p];
        demo_figure figure;
        demo_figure_build(person, seconds, &figure);
        demo_rectangle box = demo_figure_bound_visible(&figure, dx, dy);
        instances[p].person = person;
        instances[p].actions = demo_person_find_segment(person, seconds)->actions;
        instances[p].box[0] = to_thousandths(box.x1 / DEMO_WIDTH);
        instances[p].box[1] = to_thousandths(box.y1 / DEMO_HEIGHT);
        instances[p].box[2] = to_thousandths(box.x2 / DEMO_WIDTH);
        instances[p].box[3] = to_thousandths(box.y2 / DEMO_HEIGHT);
    }
    return scene->person_count;
}

// --- rows ---

// "train_0007,0012" or, on a half second, "train_0007,0012.500".
static void append_key(text *out, const demo_video *video, int64_t frame)
{
    text_append_format(out, "%s,%04lld%s", video->name, (long long)(frame / DEMO_RATE),
                       frame % DEMO_RATE != 0 ? ".500" : "");
}

static void append_box(text *out, const int32_t box[4])
{
    for (int k = 0; k < 4; k++) {
        text_append_format(out, ",%d.%03d", (int)(box[k] / 1000), (int)(box[k] % 1000));
    }
}

static int64_t append_labels(text *out, const demo_video *video, int64_t frame,
                             const demo_instance *instance)
{
    int64_t count = 0;
    for (int action = 0; action < DEMO_ACTION_COUNT; action++) {
        if (demo_has(instance->actions, (demo_action)action)) {
            append_key(out, video, frame);
            append_box(out, instance->box);
            text_append_format(out, ",%d,%lld\n", action + 1, (long long)instance->person->id);
            count++;
        }
    }
    return count;
}

static void append_detection(text *out, const demo_video *video, int64_t frame,
                             const int32_t box[4], double score)
{
    int millionths = (int)lrint(1e6 * fmin(fmax(score, 0), 1));
    append_key(out, video, frame);
    append_box(out, box);
    text_append_format(out, ",,%d.%06d\n", millionths / 1000000, millionths % 1000000);
}

// --- the detector ---

static double find_overlap(const int32_t a[4], const int32_t b[4])
{
    double width = fmin(a[2], b[2]) - fmax(a[0], b[0]);
    double height = fmin(a[3], b[3]) - fmax(a[1], b[1]);
    double both = fmax(width, 0) * fmax(height, 0);
    double area_a = (double)(a[2] - a[0]) * (a[3] - a[1]);
    double area_b = (double)(b[2] - b[0]) * (b[3] - b[1]);
    return both / (area_a + area_b - both);
}

static void shake_box(random_stream *stream, const int32_t box[4], int32_t out[4])
{
    double sides[2] = {box[2] - box[0], box[3] - box[1]};
    for (int k = 0; k < 4; k++) {
        double value = box[k] + CORNER_ERROR * sides[k % 2] * random_normal(stream);
        out[k] = to_thousandths(value / 1000);
    }
}

static void detect_person(random_stream *stream, const demo_video *video, int64_t frame,
                          const demo_instance *instance, text *out)
{
    bool missed = random_uniform(stream) < MISSED;
    bool stray = random_uniform(stream) < STRAY;
    int32_t box[4];
    shake_box(stream, instance->box, box);
    double error = SCORE_SLOPE * (1 - find_overlap(box, instance->box));
    double score = fmin(1 - error + SCORE_NOISE * random_normal(stream), 0.9999);
    if (!missed && box[2] > box[0] && box[3] > box[1]) {
        append_detection(out, video, frame, box, score);
    }
    if (stray) {
        double width = random_range(stream, 0.1, 0.35), height = random_range(stream, 0.3, 0.8);
        double x = random_range(stream, 0, 1 - width), y = random_range(stream, 0, 1 - height);
        int32_t nothing[4] = {to_thousandths(x), to_thousandths(y), to_thousandths(x + width),
                              to_thousandths(y + height)};
        append_detection(out, video, frame, nothing, random_range(stream, 0.3, 0.92));
    }
}

// --- tables ---

static void append_key_frame(demo_tables *tables, const demo_world *world, const demo_video *video,
                             int64_t frame, demo_split split)
{
    demo_instance instances[DEMO_MAX_PEOPLE];
    size_t count = demo_find_instances(video, frame, instances);
    bool black = demo_video_is_black(video, frame);
    random_stream stream = demo_open_stream(world, video->index, DEMO_STREAM_BOXES, frame);
    for (size_t p = 0; p < count; p++) {
        int64_t labels = append_labels(&tables->labels[split], video, frame, &instances[p]);
        if (!black) {
            detect_person(&stream, video, frame, &instances[p], &tables->boxes[split]);
            tables->label_count += labels;
            tables->person_count++;
        }
    }
    if (black) {
        append_key(&tables->excluded, video, frame);
        text_append(&tables->excluded, "\n");
        tables->excluded_count++;
    } else {
        tables->key_frames[split]++;
    }
}

void demo_tables_append(demo_tables *tables, const demo_world *world, const demo_video *video)
{
    for (int64_t second = 1; second <= DEMO_VIDEO_SECONDS; second++) {
        int64_t frame = second * DEMO_RATE;
        append_key_frame(tables, world, video, frame, video->split);
        // A half second goes with the whole one before it; none whose clip is half black.
        int64_t half = frame + DEMO_RATE / 2;
        bool dark = second == video->black_second || second + 1 == video->black_second;
        if (world->long_scenes && video->split == DEMO_TRAIN && half < DEMO_VIDEO_FRAMES && !dark) {
            append_key_frame(tables, world, video, half, DEMO_UNLABELED);
        }
    }
}

sslact_status demo_tables_status(const demo_tables *tables)
{
    sslact_status status = text_status(&tables->excluded);
    for (int split = 0; split < DEMO_SPLIT_COUNT && status == SSLACT_OK; split++) {
        status = text_status(&tables->labels[split]);
        if (status == SSLACT_OK) {
            status = text_status(&tables->boxes[split]);
        }
    }
    return status;
}

void demo_tables_free(demo_tables *tables)
{
    text_free(&tables->excluded);
    for (int split = 0; split < DEMO_SPLIT_COUNT; split++) {
        text_free(&tables->labels[split]);
        text_free(&tables->boxes[split]);
    }
}

void demo_write_actions(int class_count, text *out)
{
    for (int action = 0; action < class_count; action++) {
        text_append_format(out, "label {\n  name: \"%s\"\n  label_id: %d\n  label_type: %s\n}\n",
                           demo_action_get_name((demo_action)action), action + 1,
                           demo_action_get_type((demo_action)action));
    }
}
