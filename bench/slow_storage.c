/* Storage that is far away: every read that the page cache cannot serve waits, as on an image that is loaded
   block by block when it is touched. Preloaded into a runtime.

   What was announced by posix_fadvise arrives as late, counted from then, all announcements at once. To open a
   library is to read its head; its pages that are mapped do not wait. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_NS = 2000000, ANNOUNCED = 4096 };

static struct { ino_t file; long long arrives; } announced[ANNOUNCED];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void wait_until(long long then)
{
    struct timespec time = {then / 1000000000LL, then % 1000000000LL};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static int cached(int file, off_t place)
{
    char byte;
    struct iovec part = {&byte, 1};
    return preadv2(file, &part, 1, place, RWF_NOWAIT) >= 0 || errno != EAGAIN;
}

static void wait_unless_cached(int file, off_t place)
{
    struct stat facts;
    if (fstat(file, &facts) || !S_ISREG(facts.st_mode)) return;
    int before = errno;
    off_t from = place >= 0 ? place : lseek(file, 0, SEEK_CUR);
    long long arrives = announced[facts.st_ino % ANNOUNCED].arrives;
    if (announced[facts.st_ino % ANNOUNCED].file == facts.st_ino && arrives > now())
        wait_until(arrives);
    else if (!cached(file, from))
        wait_until(now() + WAIT_NS);
    errno = before;
}

ssize_t read(int file, void *buffer, size_t bytes)
{
    static ssize_t (*really)(int, void *, size_t);
    if (!really) really = dlsym(RTLD_NEXT, "read");
    wait_unless_cached(file, -1);
    return really(file, buffer, bytes);
}

ssize_t pread64(int file, void *buffer, size_t bytes, off_t place)
{
    static ssize_t (*really)(int, void *, size_t, off_t);
    if (!really) really = dlsym(RTLD_NEXT, "pread64");
    wait_unless_cached(file, place);
    return really(file, buffer, bytes, place);
}

ssize_t pread(int file, void *buffer, size_t bytes, off_t place)
{
    return pread64(file, buffer, bytes, place);
}

int posix_fadvise64(int file, off_t place, off_t bytes, int advice)
{
    static int (*really)(int, off_t, off_t, int);
    if (!really) really = dlsym(RTLD_NEXT, "posix_fadvise64");
    struct stat facts;
    if (advice == POSIX_FADV_WILLNEED && !fstat(file, &facts) && !cached(file, place)) {
        pthread_mutex_lock(&lock);
        announced[facts.st_ino % ANNOUNCED].file = facts.st_ino;
        announced[facts.st_ino % ANNOUNCED].arrives = now() + WAIT_NS;
        pthread_mutex_unlock(&lock);
    }
    return really(file, place, bytes, advice);
}

int posix_fadvise(int file, off_t place, off_t bytes, int advice)
{
    return posix_fadvise64(file, place, bytes, advice);
}

void *dlopen(const char *path, int flags)
{
    static void *(*really)(const char *, int);
    if (!really) really = dlsym(RTLD_NEXT, "dlopen");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0) {
        wait_unless_cached(file, 0);
        close(file);
    }
    return really(path, flags);
}
