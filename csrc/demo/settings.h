// The two configs that train on a demo world.
#ifndef DEMO_SETTINGS_H
#define DEMO_SETTINGS_H

#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

// demo.yaml: a supervised baseline from few labels. Paths are relative to the file.
void settings_write_baseline(int class_count, double label_ratio, text *out);
// demo_ssl.yaml: semi-supervised training from the baseline's weights.
void settings_write_ssl(int class_count, double label_ratio, text *out);

#ifdef __cplusplus
}
#endif
#endif
