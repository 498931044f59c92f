#include "config/warning.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum { WARNING_TEXT_SIZE = 640 };

void warning_send(const struct warning_sink *sink, const char *format, ...)
{
    if (sink == NULL || sink->warn == NULL)
        return;
    char text[WARNING_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    sink->warn(sink->context, text);
}
