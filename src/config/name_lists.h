/* The lists of words that --debug help and --impair help print. */
#ifndef STYX_CONFIG_NAME_LISTS_H
#define STYX_CONFIG_NAME_LISTS_H

void print_debug_names(void);
void print_impair_names(void);

#endif
