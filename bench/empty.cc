// SPDX-License-Identifier: Apache-2.0
// empty   Does nothing: what loading Arrow's libraries alone takes.
int main() {}
