// What the opaque pointers of the public headers point to.
#ifndef PLUGIN_HANDLES_H
#define PLUGIN_HANDLES_H

#include <memory>
#include <string>

#include "sslact/sslact.h"

#include "config/config.h"
#include "data/dataset.h"
#include "guard.h"
#include "media/video.h"
#include "report/evaluation.h"
#include "train/trainer.h"

namespace sslact
{

struct ConfigFreer {
    void operator()(config *c) const { config_free(c); }
};
using ConfigHolder = std::unique_ptr<config, ConfigFreer>;

struct DatasetReleaser {
    void operator()(dataset *d) const { dataset_release(d); }
};
using DatasetHolder = std::unique_ptr<dataset, DatasetReleaser>;

struct ClipReleaser {
    void operator()(clip *c) const { clip_free(c); }
};
using ClipHandle = std::unique_ptr<clip, ClipReleaser>;

} // namespace sslact

struct sslact_config {
    mutable sslact::Occupancy occupancy;
    sslact::ConfigHolder inner;
};

struct sslact_dataset {
    mutable sslact::Occupancy occupancy;
    sslact::DatasetHolder inner;
};

struct sslact_sample {
    mutable sslact::Occupancy occupancy;
    sslact::ClipHandle inner;
};

struct sslact_video {
    mutable sslact::Occupancy occupancy;
    struct Closer {
        void operator()(video *v) const { video_close(v); }
    };
    std::unique_ptr<video, Closer> inner;
};

struct sslact_report {
    mutable sslact::Occupancy occupancy;
    struct Freer {
        void operator()(evaluation_report *r) const { evaluation_report_free(r); }
    };
    std::unique_ptr<evaluation_report, Freer> inner;
};

struct sslact_model {
    mutable sslact::Occupancy occupancy;
    sslact::ConfigHolder settings;
    std::shared_ptr<sslact::Detector> network;
};

struct sslact_trainer {
    mutable sslact::Occupancy occupancy;
    std::unique_ptr<sslact::Trainer> inner;
};

#endif
