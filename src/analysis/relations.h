// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spark/connect/relations.pb.h>

#include "analysis/relation_context.h"

namespace sluice {

// Resolves a relation by the function of its kind: each kind is a row of the table in relations.cc, and a function
// below in the file of its family. NotSupported for a kind that has no row.
Result<ResolvedRelation> ResolveByKind(RelationContext& context, const spark::connect::Relation& relation);

using RelationFunction = Result<ResolvedRelation>(RelationContext& context, const spark::connect::Relation& relation);

// resolve_read.cc
RelationFunction ResolveRead;
RelationFunction ResolveLocal;
RelationFunction ResolveRange;
RelationFunction ResolveSql;
RelationFunction ResolveFrame;
// resolve_generator.cc
RelationFunction ResolveTableFunction;
RelationFunction ResolveInlineTableFunction;
RelationFunction ResolveLateralJoin;
// resolve_observe.cc
RelationFunction ResolveObserve;
// resolve_columns.cc
RelationFunction ResolveProject;
RelationFunction ResolveWithColumns;
RelationFunction ResolveRenamed;
RelationFunction ResolveDrop;
RelationFunction ResolveToDf;
RelationFunction ResolveAlias;
// resolve_rows.cc
RelationFunction ResolveFilter;
RelationFunction ResolveSort;
RelationFunction ResolveLimit;
RelationFunction ResolveOffset;
// resolve_repartition.cc
RelationFunction ResolveRepartition;
RelationFunction ResolveRepartitionByExpression;
// resolve_aggregate.cc
RelationFunction ResolveAggregation;
RelationFunction ResolveDeduplicate;
// resolve_pivot.cc
RelationFunction ResolveUnpivot;
// resolve_join.cc
RelationFunction ResolveJoin;
// resolve_set_operation.cc
RelationFunction ResolveSetOperation;
// resolve_event_time.cc
RelationFunction ResolveWatermark;
// resolve_python.cc
RelationFunction ResolveMapPartitions;
RelationFunction ResolveGroupMap;
RelationFunction ResolveCoGroupMap;
// resolve_missing.cc
RelationFunction ResolveFill;
RelationFunction ResolveDropMissing;
RelationFunction ResolveReplace;
// resolve_statistics.cc
RelationFunction ResolveSample;
RelationFunction ResolveSampleBy;
RelationFunction ResolveTail;
RelationFunction ResolveSummary;
RelationFunction ResolveDescribe;
RelationFunction ResolveCrosstab;
RelationFunction ResolveQuantiles;
RelationFunction ResolveFrequentItems;
RelationFunction ResolveCorrelation;
RelationFunction ResolveCovariance;

}  // namespace sluice
