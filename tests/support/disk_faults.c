/* A disk that fails when asked to: preloaded into PostgreSQL, it answers one flush with EIO per file "eio" in the folder
   that DISK_FAULTS names. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int fdatasync(int descriptor)
{
    static int (*real)(int);
    const char *folder = getenv("DISK_FAULTS");
    char path[512];

    if (!real)
        real = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
    if (folder) {
        snprintf(path, sizeof path, "%s/eio", folder);
        if (unlink(path) == 0) {
            errno = EIO;
            return -1;
        }
        errno = 0;
    }
    return real(descriptor);
}
