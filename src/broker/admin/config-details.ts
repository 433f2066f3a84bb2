/** How much DescribeConfigs tells of each key. */
export interface ConfigDetails {
  readonly withSynonyms: boolean
  readonly withDocumentation: boolean
}
