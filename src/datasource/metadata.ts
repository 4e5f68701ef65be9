/** Answer of /api/v1/metadata. */
export type ApiMetadata = Readonly<
  Record<string, readonly { readonly type: string; readonly help: string; readonly unit: string }[]>
>;
