# For those who teach with the kit, or change it: a handout is without this.

.PHONY: test answers soak starters pictures

test: reference glibc-programs gates tools answers grader $B/vm/initramfs.cpio
test: $B/tests/test-deadline ##k judge all that the kit promises
	@sh tests/run.sh $B

# STAGE=NN: of that stage alone
# One that does not build fails when it is judged.
answers: reference gates
	-@$(MAKE) -s --no-print-directory -k -j$$(nproc) \
		-f tests/answers/answers.mk B=$B $(ARGUMENT:%=STAGE=%)

# N=200: rounds, JOBS=4 at a time; all processors are kept busy meanwhile.
# STAGE=NN: of that stage alone
soak: answers tools $B/rootfs.stamp $B/vm/initramfs.cpio ##k run all gates N times on a busy machine: N=200
	@sh tests/soak.sh $B $(or $(N),20) $(ARGUMENT)

starters: ##k stages/ from solutions/, for those who change a solution
	@sh tests/starters.sh --write

pictures: reference gates tools ##k draw the pictures of README.md anew, from a real run
	@sh tests/demo/pictures.sh $B

# What of the harness is judged by itself.
$B/tests/test-deadline: $(patsubst %,$B/tests/obj/%.o,test-deadline deadline \
		process seconds) $(REFERENCE_LIBS)
	$(call run,LD,$(MUSL_CC) -o $@ $^ -static)
