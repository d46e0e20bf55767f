/* tests/capi/embed.c */
#include <stdio.h>
#include <stdlib.h>
#include "sslact/sslact.h"

#define TRY(call)                                                                     \
    do {                                                                              \
        if ((call) < 0) {                                                             \
            fprintf(stderr, "embed: %s\n", sslact_error_get_message());               \
            goto out;                                                                 \
        }                                                                             \
    } while (0)

/* A grey clip with one person in the middle, doing actions 0 and 2 of 3. */
static void make_clip(uint8_t *pixels, const uint8_t *labels, sslact_clip *clip)
{
    static const sslact_box person = {0.3f, 0.2f, 0.7f, 0.9f};

    SSLACT_INIT(*clip);
    memset(pixels, 128, (size_t)32 * 64 * 64 * 3);
    clip->pixels = pixels;
    clip->frame_count = 32;
    clip->height = 64;
    clip->width = 64;
    clip->boxes = &person;
    clip->box_count = 1;
    clip->labels = labels;
    clip->name = "camera 4, 12:03";
}

int main(void)
{
    static const uint8_t actions[3] = {1, 0, 1};
    uint8_t *pixels = malloc((size_t)32 * 64 * 64 * 3);
    sslact_config *config = NULL;
    sslact_dataset *labeled = NULL;
    sslact_trainer *trainer = NULL;
    sslact_report *report = NULL;
    sslact_clip clip;
    sslact_step_report step;
    sslact_status status = SSLACT_OK;
    double map = 0.0;
    int failed = 1;

    if (pixels == NULL)
        goto out;
    TRY(sslact_runtime_check(SSLACT_VERSION_NUMBER));
    TRY(sslact_config_create(&config));
    TRY(sslact_config_set(config, "model.preset", "slowfast_tiny"));
    TRY(sslact_config_set(config, "model.class_count", "3"));
    TRY(sslact_config_set(config, "ssl.preset", "baseline"));
    TRY(sslact_config_set(config, "solver.iterations", "4"));
    TRY(sslact_config_set(config, "solver.batch_labeled", "1"));

    TRY(sslact_dataset_create(3, NULL, &labeled));
    make_clip(pixels, actions, &clip);
    TRY(sslact_dataset_append(labeled, &clip));
    TRY(sslact_trainer_create(config, labeled, NULL, &trainer));

    SSLACT_INIT(step);
    while (status != SSLACT_DONE) {
        TRY(status = sslact_trainer_step(trainer, &step));
        printf("iteration %lld loss %.4f\n", (long long)step.iteration, step.loss_total);
    }
    TRY(sslact_trainer_evaluate(trainer, SSLACT_STUDENT, labeled, NULL, &report));
    TRY(sslact_report_get_metric(report, "frame_map@0.5", &map));
    printf("frame mAP %.3f\n", map);
    failed = 0;
out:
    sslact_report_free(report);
    sslact_trainer_free(trainer);
    sslact_dataset_free(labeled);
    sslact_config_free(config);
    free(pixels);
    return failed;
}
