/*
 * What the words of box's options mean: each function reads options->value
 * into the container, or ends the program as options.h says. Given.
 */
#ifndef CONTAINER_VALUES_H
#define CONTAINER_VALUES_H

#include <stdbool.h>

#include "container.h"
#include "options.h"

/* SRC:DST[:ro] */
void add_volume(const struct options *options, struct root *root);

/* DIR */
void add_tmpfs(const struct options *options, struct root *root);

/* UID[:GID]; the group is the user's number unless given. */
void read_user(const struct options *options, struct container *container);

/* Adds NAME=VALUE to the command's environment, or replaces it. */
void set_variable(struct command *command, char *assignment);

/* NAME, with or without "cap_"; "all". */
void add_capability(const struct options *options, struct container *container);

/* NAME=SOFT[:HARD], numbers with K, M, G, T, or "unlimited". */
void add_rlimit(const struct options *options, struct container *container);

/* 1 to 64 bytes. */
const char *hostname_of(const struct options *options);

/* "none" or "veth": whether there is a cable. */
bool veth_of(const struct options *options);

#endif
