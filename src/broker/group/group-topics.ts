/** What the coordinator needs to know of topics. */
export interface GroupTopics {
  hasPartition(topic: string, partition: number): boolean
  /** Null: no topic has this id. */
  nameOf(topicId: string): string | null
  /** Null: there is no such topic. */
  idOf(topic: string): string | null
}
