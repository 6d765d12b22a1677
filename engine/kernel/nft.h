/* nft.h - where the linux backend finds libnftables.
 *
 * The supervisor links no library, so the backend reaches libnftables through a
 * pointer: linux_nft.c fills it in, in the engine only.  NULL: k_nftables() is
 * -ENOSYS. */
#ifndef DRYDOCK_KERNEL_NFT_H
#define DRYDOCK_KERNEL_NFT_H

/* Carries out `commands` (nft(8) syntax) as one transaction: 0 or -errno. */
extern long (*kernel_nft)(const char *commands);

/* Sets kernel_nft; call once before threads start. */
void kernel_nft_enable(void);

#endif
