/* Lists of words for people: see name_lists.h. */
#include "config/name_lists.h"

#include <stdio.h>

#include "base/text.h"
#include "config/setup.h"
#include "engine/impair.h"

void print_debug_names(void)
{
    for (size_t i = 0; i < debug_class_row_count; i++)
        printf("  %-12s %s\n", debug_class_rows[i].name, debug_class_rows[i].help);
}

void print_impair_names(void)
{
    for (size_t i = 0; i < impair_name_count; i++) {
        const struct impair_name *row = &impair_names[i];
        char form[160];
        struct text text = text_of(form, sizeof(form));
        if (row->way == IMPAIR_REFUSED || row->help == NULL)
            continue;
        printf("%s: %s\n", row->name, row->help);
        impair_describe_value(row, &text);
        if (row->way != IMPAIR_FLAG)
            printf("    %s:VALUE is %s\n", row->name, form);
    }
}
