/* include/sslact/sslact.h : everything */
#ifndef SSLACT_H
#define SSLACT_H
#include "sslact/base.h"
#include "sslact/runtime.h"
#include "sslact/config.h"
#include "sslact/dataset.h"
#include "sslact/model.h"
#include "sslact/report.h"
#include "sslact/trainer.h"
#include "sslact/loss.h"
#endif
