/* Sizes and places of every public struct, as a program of the first published version has them
 * compiled in (LP64). A frozen struct never changes; a growing one keeps the place of every member
 * and gets new ones behind the last: then a line is added for the new last member, and the old
 * lines stay. */
#include <assert.h>

#include "sslact/sslact.h"

/* The size of the struct, and the place of its last member. */
#define PIN(type, size, last, place)                                                               \
    static_assert(sizeof(type) == (size), #type " changed its size");                              \
    static_assert(offsetof(type, last) == (place), #type "." #last " moved");

/* The last member of an earlier version. */
#define PLACE(type, last, place)                                                                   \
    static_assert(offsetof(type, last) == (place), #type "." #last " moved");

/* struct_size stands first in whatever grows. */
#define GROWS(type) static_assert(offsetof(type, struct_size) == 0, #type " must begin with size");

static_assert(sizeof(void *) == 8 && sizeof(size_t) == 8, "the numbers here are those of LP64");
static_assert(sizeof(sslact_status) == 4, "a status is an int");

/* ---- frozen ---- */

PIN(sslact_device, 8, index, 4)
PIN(sslact_tensor, 152, stride, 88)
PIN(sslact_box, 16, y2, 12)

/* ---- growing ---- */

PIN(sslact_clip, 88, name, 80)
GROWS(sslact_clip)
PIN(sslact_progress, 32, total, 24)
GROWS(sslact_progress)
PIN(sslact_config_key, 48, help, 40)
GROWS(sslact_config_key)
PIN(sslact_clip_source, 72, user, 64)
GROWS(sslact_clip_source)
PIN(sslact_problem, 40, fix, 32)
PLACE(sslact_problem, text, 24)
GROWS(sslact_problem)
PIN(sslact_check_options, 88, threads, 84)
PLACE(sslact_check_options, progress_user, 32)
GROWS(sslact_check_options)
PIN(sslact_check_summary, 232, reserved, 228)
PLACE(sslact_check_summary, problems, 32)
GROWS(sslact_check_summary)
PIN(sslact_sheet_view, 64, masked, 60)
GROWS(sslact_sheet_view)
PIN(sslact_sheet_options, 32, view_user, 24)
GROWS(sslact_sheet_options)
PIN(sslact_check_class, 80, pair_counts, 72)
GROWS(sslact_check_class)
PIN(sslact_prepare_options, 32, progress_user, 24)
GROWS(sslact_prepare_options)
PIN(sslact_prepare_summary, 72, seconds, 64)
GROWS(sslact_prepare_summary)
PIN(sslact_import_options, 48, first_frame, 40)
GROWS(sslact_import_options)
PIN(sslact_import_summary, 72, shapes_left_out, 64)
GROWS(sslact_import_summary)
PIN(sslact_demo_options, 64, progress_user, 56)
GROWS(sslact_demo_options)
PIN(sslact_demo_summary, 72, video_bytes, 64)
GROWS(sslact_demo_summary)
PIN(sslact_predict_options, 24, min_box_score, 16)
GROWS(sslact_predict_options)
PIN(sslact_evaluate_options, 40, progress_user, 32)
GROWS(sslact_evaluate_options)
PIN(sslact_class_result, 56, chance, 48)
GROWS(sslact_class_result)
PIN(sslact_score_options, 88, frames_rule, 80)
GROWS(sslact_score_options)
PIN(sslact_run_options, 24, command_line, 16)
GROWS(sslact_run_options)
PIN(sslact_device_info, 168, usable_for_training, 160)
GROWS(sslact_device_info)
PIN(sslact_batch, 40, unlabeled_count, 32)
GROWS(sslact_batch)
PIN(sslact_step_report, 120, round, 112)
GROWS(sslact_step_report)
PIN(sslact_loss_options, 56, class_count, 48)
PLACE(sslact_loss_options, cuda_stream, 24)
GROWS(sslact_loss_options)
PIN(sslact_balance_options, 72, cuda_stream, 64)
PLACE(sslact_balance_options, exact_cooccurrence, 36)
GROWS(sslact_balance_options)
PIN(sslact_balance, 112, expected_kept_share, 104)
PLACE(sslact_balance, threshold, 48)
GROWS(sslact_balance)
PIN(sslact_monitor, 168, labeled_recall, 160)
GROWS(sslact_monitor)
PIN(sslact_video_info, 56, pixel_format, 48)
GROWS(sslact_video_info)
PIN(sslact_frame, 48, height, 44)
GROWS(sslact_frame)

int main(void)
{
    return 0;
}
