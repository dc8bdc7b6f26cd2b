# SPDX-License-Identifier: Apache-2.0
"""Deterministic tab-separated reviews of the 15-column Amazon shape, about 450 bytes each."""
import random

COLUMNS = ["marketplace", "customer_id", "review_id", "product_id", "product_parent", "product_title",
           "product_category", "star_rating", "helpful_votes", "total_votes", "vine", "verified_purchase",
           "review_headline", "review_body", "purchase_date"]
_WORDS = ("the a of very good bad case works fine bought this for my daughter son screen sound battery light heavy "
          "cheap price quality après naïve größe fits well broke after two weeks would recommend again never great "
          "box arrived late early perfect five stars one star value money gift music game update phone").split()
_CATEGORIES = ["Books", "Music", "Video_Games", "Wireless", "Toys", "Digital_Video_Download", "Kitchen"]


def review(number: int, body_words: int = 52) -> bytes:
    """The review with this number: always the same bytes."""
    r = random.Random(number)
    words = r.choices(_WORDS, k=body_words + 12)
    stars, helpful = r.randint(1, 5), r.randint(0, 40)
    fields = ["US", str(r.randint(10_000, 53_000_000)), f"R{number:012d}", f"B{r.randint(0, 99_999):09d}",
              str(r.randint(1, 999_999_999)), " ".join(words[:6]), r.choice(_CATEGORIES), str(stars), str(helpful),
              str(helpful + r.randint(0, 9)), "N", r.choice("YN"), " ".join(words[6:12]), " ".join(words[12:]),
              f"20{r.randint(10, 15)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}"]
    return "\t".join(fields).encode()


def reviews(first: int, count: int) -> list[bytes]:
    return [review(n) for n in range(first, first + count)]
