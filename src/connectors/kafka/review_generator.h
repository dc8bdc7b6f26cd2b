// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace sluice {

// The 15 tab-separated columns of a generated line, in order.
constexpr const char* kReviewColumns[] = {
    "marketplace",   "customer_id",       "review_id",       "product_id",    "product_parent",
    "product_title", "product_category",  "star_rating",     "helpful_votes", "total_votes",
    "vine",          "verified_purchase", "review_headline", "review_body",   "purchase_date"};

// Appends line `index` of the generated reviews, about 450 bytes, without a line end: a pure function of both
// arguments, the same on every machine.
void AppendReviewLine(uint64_t seed, uint64_t index, std::string* out);

}  // namespace sluice
