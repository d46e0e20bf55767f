// The settings of demo-world.md, section 3, as config files.
#include "demo/settings.h"

#include "demo/plan.h"

static void write_data(int class_count, double label_ratio, text *out)
{
    text_append(out, "data:\n"
                     "  dataset: ava\n"
                     "  video_root: videos\n"
                     "  actions: actions.pbtxt\n"
                     "  train:\n"
                     "    labels: labels_train.csv\n"
                     "    person_boxes: boxes_train.csv\n"
                     "    exclusions: excluded_train.csv\n"
                     "  unlabeled:\n"
                     "    person_boxes: boxes_unlabeled.csv\n"
                     "  validation:\n"
                     "    labels: labels_validation.csv\n"
                     "    person_boxes: boxes_validation.csv\n"
                     "  label_ratio: ");
    text_append_double(out, label_ratio);
    text_append_format(out,
                       "\n"
                       "  sampling_rate: %d\n"
                       "  frame_count: 8\n"
                       "  frame_stride: 2\n"
                       "  short_side: 32\n"
                       "\n"
                       "model:\n"
                       "  preset: slowfast_tiny\n"
                       "  class_count: %d\n"
                       "\n",
                       (int)DEMO_RATE, class_count);
}

void settings_write_baseline(int class_count, double label_ratio, text *out)
{
    text_append(out, "# Supervised baseline on the demo world.\n\n");
    write_data(class_count, label_ratio, out);
    text_append(out, "ssl:\n"
                     "  preset: baseline\n"
                     "  labeled_view: strong\n"
                     "  freeze_bn: false\n"
                     "\n"
                     "solver:\n"
                     "  iterations: 1600\n"
                     "  batch_labeled: 16\n"
                     "  peak_lr: 0.6\n"
                     "  weight_decay: 0.0001\n");
}

void settings_write_ssl(int class_count, double label_ratio, text *out)
{
    text_append(out, "# Semi-supervised training on the demo world, from the weights of the\n"
                     "# baseline of demo.yaml: model.weights=BASELINE_RUN/checkpoints/...\n\n");
    write_data(class_count, label_ratio, out);
    text_append(out, "ssl:\n"
                     "  preset: ours\n"
                     "  labeled_view: strong\n"
                     "  freeze_bn: true\n"
                     "  ema_momentum: 0.99\n"
                     "  loss_lambda: 1\n"
                     "\n"
                     "solver:\n"
                     "  iterations: 500\n"
                     "  batch_labeled: 16\n"
                     "  batch_unlabeled: 16\n"
                     "  peak_lr: 0.1\n"
                     "  weight_decay: 0.0001\n"
                     "\n"
                     "monitor: # measures the pseudo-labels; training never sees these labels\n"
                     "  hidden_labels: hidden_labels.csv\n"
                     "  box_overlap: 0.75\n"
                     "  warn_iterations: 100\n");
}
