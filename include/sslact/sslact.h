/* include/sslact/sslact.h : everything. The rules that hold for every function stand in base.h. */
#ifndef SSLACT_H
#define SSLACT_H

#include "sslact/base.h"
#include "sslact/config.h"
#include "sslact/dataset.h"
#include "sslact/demo.h"
#include "sslact/loss.h"
#include "sslact/model.h"
#include "sslact/report.h"
#include "sslact/run.h"
#include "sslact/runtime.h"
#include "sslact/trainer.h"
#include "sslact/video.h"
#include "sslact/weights.h"

#endif
