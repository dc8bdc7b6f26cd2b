// SPDX-License-Identifier: Apache-2.0
#pragma once

// The whole public API. These headers need nothing but the standard library.
#include "sluice/column.h"
#include "sluice/constants.h"
#include "sluice/dataframe.h"
#include "sluice/exception.h"
#include "sluice/functions.h"
#include "sluice/spark_catalog.h"
#include "sluice/spark_session.h"
#include "sluice/sql_functions_a_to_l.h"
#include "sluice/sql_functions_m_to_z.h"
#include "sluice/streaming.h"
#include "sluice/window.h"
