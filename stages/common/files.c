#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "failure.h"

int write_file(int dirfd, const char *path, const char *format, ...)
{
	char text[4096];
	va_list arguments;
	ssize_t written;
	int fd, length, saved;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length < 0 || length >= (int)sizeof(text)) {
		errno = E2BIG;
		return failed("write", "%s", path);
	}
	fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return failed("open", "%s", path);
	do
		written = write(fd, text, (size_t)length);
	while (written < 0 && errno == EINTR);
	if (written >= 0 && written != length) {
		written = -1;
		errno = EIO;
	}
	saved = errno;
	/* Some kernel files report at close what they could not take. */
	if (close(fd) < 0 && written >= 0)
		return failed("close", "%s", path);
	errno = saved;
	if (written < 0)
		return failed("write", "%s", path);
	return 0;
}

ssize_t read_file(int dirfd, const char *path, char *buffer, size_t size)
{
	size_t length = 0;
	ssize_t n = 0;
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	int saved;

	if (fd < 0)
		return failed("open", "%s", path);
	while (length < size) {
		n = read(fd, buffer + length, size - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		length += (size_t)n;
	}
	saved = errno;
	close(fd);
	errno = saved;
	if (n < 0)
		return failed("read", "%s", path);
	if (length == size) {
		errno = EFBIG;
		return failed("read", "%s", path);
	}
	buffer[length] = '\0';
	return (ssize_t)length;
}
